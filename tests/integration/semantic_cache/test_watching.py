"""What operators and Prometheus see of the cache."""

from __future__ import annotations

import pytest
from django_otp import DEVICE_ID_SESSION_KEY

from apps.accounts.models import OperatorDevice
from apps.accounts.services import operators
from apps.semantic_cache.models import CacheDay
from apps.semantic_cache.services import answers, statistics
from apps.tenants.middleware import SESSION_CONSOLE_WORKSPACE

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(alpha):
    with alpha:
        for _ in range(2):
            answers.answer(scope="help", question="How do I roll back?", compute=lambda _: [])
    return alpha


@pytest.fixture
def console(browse, alpha):
    operator = operators.create(email="olga@toolboxai.example", password="a long password")
    client = browse(operator.user, tenant=None)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = OperatorDevice.objects.get().persistent_id
    session[SESSION_CONSOLE_WORKSPACE] = alpha.schema_name
    session.save()
    return client


def test_days_and_totals(console, asked):
    page = console.get("/operator/semantic_cache/cacheday/")
    assert page.status_code == 200
    for text in ("50 %", "local-wording-1", "1 hits, 1 misses", "own schemas"):
        assert text in page.content.decode()


def test_the_answers_of_the_chosen_workspace(console, asked):
    page = console.get("/operator/answers/cachedanswer/")
    assert "How do I roll back?" in page.content.decode()


def test_numbers_for_prometheus(browse, asked):
    said = browse(None, tenant=None).get("/metrics").content.decode()
    for line in (
        'toolboxai_semantic_cache_questions_today{outcome="hits",scope="help"} 1.0',
        'toolboxai_semantic_cache_questions_today{outcome="bypassed",scope="help"} 0.0',
        'toolboxai_semantic_cache_questions_today_by_workspace{outcome="misses",workspace="w_alpha"}',
        'toolboxai_semantic_cache_saved_seconds_today{scope="help"}',
    ):
        assert line in said


def test_labels_are_bounded(browse, asked):
    for number in range(30):
        CacheDay(schema_name=f"w_{number}", day=CacheDay.objects.first().day, scope="help").save()
    said = browse(None, tenant=None).get("/metrics").content.decode()
    assert said.count("questions_today_by_workspace{") == 3 * 20


def test_workspaces_are_counted_apart(alpha, beta, asked):
    assert statistics.totals(schema_name=beta.schema_name) == []
    assert [total.hits for total in statistics.totals()] == [1]
