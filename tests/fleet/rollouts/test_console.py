"""What operators see of the fleet: console, metrics, mail."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY

from apps.accounts.models import OperatorDevice
from apps.accounts.services import operators
from apps.core import metrics
from apps.fleet.models import Rollout, RolloutItem, Schema, SchemaVersion
from apps.fleet.services import itineraries
from apps.mail.models import Message


@pytest.fixture
def operator(db):
    return operators.create(email="olga@toolboxai.example", password="a long password")


@pytest.fixture
def console(operator, browse):
    client = browse(operator.user, tenant=None)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = OperatorDevice.objects.get().persistent_id
    session.save()
    return client


@pytest.fixture
def rollout(db):
    version = SchemaVersion.objects.first()
    made = Rollout.objects.create(
        target=version,
        actor_label="olga",
        rings=[{"name": "canary", "schemas": 1}, {"name": "all", "schemas": 3}],
    )  # fmt: skip
    states = RolloutItem.State
    for number, state in enumerate((states.DONE, states.DONE, states.BLOCKED, states.FAILED)):
        RolloutItem.objects.create(
            rollout=made, schema_name=f"w_{number}", origin=version, ring=min(number, 1),
            state=state, problem=f"problem {number}",
        )  # fmt: skip
    return made


def url(name, *args):
    return reverse(f"admin:fleet_{name}", urlconf="config.urls_public", args=args)


def page(console, name, *args):
    answer = console.get(url(name, *args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_ledger_names_every_schema(console):
    shown = page(console, "schema_changelist")
    assert "w_alpha" in shown
    assert "w_beta" in shown


def test_schemas_are_compared_on_the_spot(console):
    chosen = list(Schema.objects.workspaces().values_list("pk", flat=True))
    answer = console.post(
        url("schema_changelist"), {"action": "compare", "_selected_action": chosen}
    )
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert said == ["2 look as their version says."]


def test_a_rollout_shows_its_rings_and_its_troubles(console, rollout):
    shown = page(console, "rollout_change", rollout.pk)
    assert "canary: 1 of 1" in shown
    assert "all: 1 of 3" in shown
    assert "problem 2" in shown
    assert "problem 1" not in shown
    assert "fleet migrate" in shown


def test_lists_take_a_constant_number_of_queries(console, rollout, django_assert_max_num_queries):
    for number in range(4):
        Rollout.objects.create(target=rollout.target, actor_label=str(number), state="completed")
    for name in ("rollout", "schema", "schemaversion"):
        with django_assert_max_num_queries(16):
            page(console, f"{name}_changelist")


def test_a_version_lists_its_migrations(console):
    version = SchemaVersion.objects.first()
    assert "media.0001_initial" in page(console, "schemaversion_change", version.pk)


def test_a_running_rollout_is_asked_to_stop(console, rollout):
    console.post(url("rollout_changelist"), {"action": "stop", "_selected_action": [rollout.pk]})
    rollout.refresh_from_db()
    assert (rollout.state, rollout.problem) == ("paused", "Stopped by olga@toolboxai.example.")


def test_what_does_not_run_cannot_be_stopped(console, rollout):
    Rollout.objects.update(state="completed")
    answer = console.post(
        url("rollout_changelist"), {"action": "stop", "_selected_action": [rollout.pk]}
    )
    assert [str(each) for each in get_messages(answer.wsgi_request)] == [
        "This rollout is not running."
    ]


def test_outsiders_do_not_see_it(browse, outsider, beta):
    for name in ("rollout", "schema", "schemaversion"):
        assert browse(outsider, tenant=None).get(url(f"{name}_changelist")).status_code == 302


def test_metrics_count_schemas_and_items(rollout):
    shown = metrics.render().decode()
    assert "toolboxai_fleet_schemas_behind 0.0" in shown
    assert 'toolboxai_fleet_rollout_items{state="failed"} 1.0' in shown
    assert 'toolboxai_collector_up{collector="fleet"} 1.0' in shown


def test_operators_get_mail_when_a_rollout_needs_them(operator, rollout):
    rollout.problem = "Ring canary did not pass its checks."
    itineraries.finish(rollout=rollout, state=Rollout.State.FAILED, alarm=True)
    mail = Message.objects.get(to=operator.user.email)
    assert "a ring failed its checks" in mail.subject
    assert rollout.problem in mail.text
    assert f"/operator/fleet/rollout/{rollout.pk}/" in mail.text
