"""Mails about money: to the owners, and to where invoices go, once for each fact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import translation

from apps.accounts.models import User
from apps.mail import letters
from apps.mail.services import messages, waiting
from apps.payments.documents.words import ENGLISH, language_of
from apps.payments.models import Account, Notice
from apps.payments.services import pages
from apps.tenants.localisation import in_the_words_of
from apps.tenants.models import Tenant
from apps.usage.plans import PLANS, Plan


def tell(
    *, account: Account, template: str, key: str, context: Callable[[], dict[str, Any]]
) -> bool:
    """Write the mail unless that fact (`key`) was told before; whether it was written.

    `context` gives what the mail says beside `tenant`, `plan` and `billing_url`, in the language
    that is active when it is called: its reader's. A customer whose workspace is gone is told
    nothing.
    """
    tenant = account.tenant
    if tenant is None:
        return False
    with transaction.atomic():
        row = Notice(account=account, key=f"{template}:{key}", template=template)
        row.told_at = account.now
        if not Notice.objects.bulk_create([row], ignore_conflicts=True) or not _is_ours(row):
            return False
        for address in addresses(account, tenant):
            with in_the_words_of(tenant), translation.override(_language(account, address)):
                about = {"tenant": tenant, "plan": plan_of(account), **context()}
                about["billing_url"] = pages.address(account, "settings_billing")
                messages.send(
                    template=template, to=address, context=about, schema_name="public",
                    language=translation.get_language(),
                )  # fmt: skip
    return True


def addresses(account: Account, tenant: Tenant) -> list[str]:
    """Owners, in the order in which they came, and where invoices go; each once."""
    people = tenant.memberships.owners().filter(user__is_active=True).order_by("created_at")
    found = list(people.values_list("user__email", flat=True))
    known = {address.lower() for address in found}
    if account.billing_email and account.billing_email.lower() not in known:
        found.append(account.billing_email)
    return [address for address in found if address]


def _language(account: Account, address: str) -> str:
    """What its reader chose; an office to which only bills go has the language of its invoices."""
    wishes = waiting.wishes_of(address)
    present = translation.get_language() or ENGLISH
    if wishes is not None and wishes.language:
        return letters.language_of(wishes.language)
    spoken = language_of(account.country)
    if spoken == ENGLISH or User.objects.filter(email__iexact=address).exists():
        return present
    return letters.language_of(spoken)


def plan_of(account: Account) -> Plan:
    """What the mail is about: the plan of the subscription, the last one when that has ended."""
    subscription = account.subscription
    slug = subscription.plan if subscription else account.plan
    return PLANS.get(slug, PLANS["free"])


def _is_ours(row: Notice) -> bool:
    """Whether this call's row was written, and not another's of the same fact before it."""
    return Notice.objects.filter(pk=row.pk).exists()
