"""Mails about a workspace and the people in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apps.mail.catalogue.account import AT, EMAIL
from apps.mail.catalogue.kinds import CATEGORIES, Mail

URL = "https://lincoln.toolboxai.example"
NAME = {"tenant.name": "Lincoln School"}
TENANT = {**NAME, "tenant.url": URL}
LATER = AT + timedelta(days=7)
ID = "019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b"


def _mail(name: str, title: str, category: str, sample: dict[str, Any], **about: Any) -> Mail:
    return Mail(f"mail/{name}", title, CATEGORIES[category], sample, **about)


OWNERS = {
    "transfer.giver.get_full_name": "Olivia Owner",
    "transfer.giver.email": "olivia@lincoln.example",
    "transfer.taker.get_full_name": "Adam Admin", "transfer.taker.email": "adam@lincoln.example",
}  # fmt: skip
DOMAIN = {
    "tenant.name": "Lincoln School",
    "tenant.own_url": URL,
    "domain.domain": "lincoln.example",
}
SENDER = {
    "tenant.name": "Lincoln School",
    "tenant.own_url": URL,
    "sender.pk": ID,
    "sender.domain": "lincoln.example",
    "sender.address": "hello@lincoln.example",
}
MAILS = (
    _mail(
        "welcome", "Welcome", "workspace",
        {**TENANT, "tenant.host": "lincoln.toolboxai.example", "person.get_short_name": "Olivia"},
    ),
    _mail(
        "invitation", "Invitation", "workspace",
        {
            **NAME, "by": "Olivia Owner", "invitation.role_name": "Teacher",
            "invitation.expires_at": LATER, "url": f"{URL}/invitations/x/",
        },
        secret=frozenset({"url"}),
    ),
    _mail(
        "moved_in", "A workspace has moved here", "workspace",
        {**TENANT, "person.get_short_name": "Olivia"},
    ),
    _mail(
        "sso_link", "Is it you?", "account",
        {
            **NAME, "sso.name": "Lincoln's Okta", "email": EMAIL,
            "url": f"{URL}/accounts/sso/link/x/",
        },
        secret=frozenset({"url"}), good_for=timedelta(minutes=30),
    ),
    _mail(
        "sso_lifted", "Own sign-in lifted by operators", "security",
        {**TENANT, "sso.name": "Lincoln's Okta", "reason": "The issuer has been down for a day."},
    ),
    _mail("ownership_offered", "Ownership offered", "workspace",
        {**TENANT, **OWNERS, "transfer.expires_at": LATER}),
    _mail("ownership_accepted", "Ownership accepted", "workspace", {**TENANT, **OWNERS}),
    _mail(
        "deletion_asked", "Deletion asked for", "workspace",
        {**NAME, "tenant.deletion_asked_by": EMAIL, "tenant.purge_at": LATER},
    ),
    _mail("deletion_near", "Last day before deletion", "workspace",
        {**NAME, "tenant.purge_at": LATER}),
    _mail("deletion_undone", "Deletion undone", "workspace", TENANT),
    _mail("workspace_deleted", "Workspace deleted", "workspace",
        {**NAME, "tenant.deletion_asked_by": EMAIL}),
    _mail(
        "workspace_renamed", "Workspace has another address", "workspace",
        {**TENANT, "former_host": "lincoln-school.toolboxai.example", "former_days": 90},
    ),
    _mail("workspace_resumed", "Workspace open again", "workspace", TENANT),
    _mail("workspace_suspended", "Workspace suspended", "workspace",
        {**TENANT, "tenant.suspension_reason": "The last invoice is unpaid."}),
    _mail("domain_switched_off", "Domain switched off", "workspace", DOMAIN),
    _mail(
        "domain_unseen", "Domain's record has vanished", "workspace",
        {
            **DOMAIN, "domain.record_name": "_toolboxai.lincoln.example",
            "domain.record_value": "toolboxai-verification=4f2a",
        },
    ),
    _mail("sender_verified", "Sender domain verified", "workspace", SENDER),
    _mail(
        "sender_lost", "Sender domain's records have vanished", "workspace",
        {**SENDER, "sender.problem": "Not there yet: tbx1._domainkey.lincoln.example."},
    ),
    _mail(
        "impersonation", "Support looked in", "security",
        {
            **TENANT, "record.operator_label": "support@toolboxai.example",
            "record.person_label": EMAIL, "record.expires_at": AT, "record.may_write": True,
            "record.reason": "A release that hangs", "record.write_reason": "To start it again",
        },
    ),
)  # fmt: skip
