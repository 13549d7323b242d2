from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.gateway.models import ApiKey
from apps.gateway.services import api_keys, reminders
from apps.mail.models import Message
from tests.factories.gateway import make_key

pytestmark = pytest.mark.django_db


def told() -> set[str]:
    return set(Message.objects.filter(subject__contains="API key").values_list("to", flat=True))


def ends_in(alpha, days: int, **about):
    return make_key(alpha, expires_at=timezone.now() + timedelta(days=days), **about)[0]


def test_its_maker_hears_of_it_once(alpha, owner, admin):
    ends_in(alpha, 6, by=admin, name="Nightly")
    assert (reminders.send_due(), reminders.send_due()) == (1, 0)
    assert told() == {admin.email}
    message = Message.objects.get()
    assert "Nightly" in message.subject


def test_owners_hear_of_it_when_its_maker_has_left(alpha, owner, admin):
    ends_in(alpha, 6, by=admin)
    alpha.memberships.filter(user=admin).delete()
    reminders.send_due()
    assert told() == {owner.email}


def test_later_endless_and_revoked_ones_are_left_alone(alpha, owner):
    ends_in(alpha, 8)
    make_key(alpha)
    api_keys.revoke(key=ends_in(alpha, 2), by=owner)
    assert reminders.send_due() == 0


def test_a_new_end_is_told_of_again(alpha, owner):
    key = ends_in(alpha, 2, by=owner)
    reminders.send_due()
    soon = timezone.now() + timedelta(days=5)
    api_keys.rotate(key=key, by=owner, overlap=timedelta(0), expires_at=soon)
    assert reminders.send_due() == 1


def test_a_key_that_nobody_has_used_for_long_is_told_apart(alpha):
    key, _ = make_key(alpha)
    assert not key.is_unused
    long_ago = timezone.now() - timedelta(days=91)
    ApiKey.objects.update(created_at=long_ago)
    assert ApiKey.objects.get().is_unused
    ApiKey.objects.update(last_used_at=timezone.now())
    assert not ApiKey.objects.get().is_unused
