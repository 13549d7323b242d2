"""Telling people of a key that is about to end, while there is time to rotate it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.signals import mail_wanted
from apps.gateway.models import ApiKey
from apps.tenants.localisation import in_the_words_of

AHEAD: Final = timedelta(days=7)
AT_ONCE: Final = 500


def send_due() -> int:
    """Mail about every key that ends within a week, once for each end; returns how many keys.
    Its maker hears of it while they are a member, else the owners.
    """
    due = ApiKey.objects.ending_before(timezone.now() + AHEAD).filter(reminded_at__isnull=True)
    chosen = list(due.values_list("pk", flat=True)[:AT_ONCE])
    return sum(_remind(pk) for pk in chosen)


@transaction.atomic
def _remind(pk: UUID) -> bool:
    key = (
        ApiKey.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("tenant", "created_by")
        .filter(pk=pk, reminded_at__isnull=True)
        .first()
    )
    if key is None:
        return False
    key.reminded_at = timezone.now()
    key.save(update_fields=["reminded_at"])
    for email in _addressees(key):
        with in_the_words_of(key.tenant):
            mail_wanted.send(
                sender=ApiKey,
                template="mail/api_key_ends",
                to=email,
                context={"key": key, "tenant": key.tenant},
            )
    return True


def _addressees(key: ApiKey) -> list[str]:
    members = key.tenant.memberships.in_force()
    maker = members.filter(user_id=key.created_by_id, user__email__isnull=False)
    chosen = maker if maker.exists() else members.filter(role="owner")
    return list(chosen.order_by("created_at").values_list("user__email", flat=True))
