"""What visitors to a workspace's own sign-in do and see."""

from __future__ import annotations

from apps.accounts.services import emails
from apps.audit.models import AuditEntry
from apps.sso.models import Identity
from tests.fixtures.oidc import visit

LOGIN = "/accounts/sso/login/"


def come_in(client, issuer, **query):
    return client.get(visit(issuer, client.post(LOGIN, query_params=query)))


def text(answer):
    return " ".join(answer.content.decode().split())


def is_in(client):
    return client.get("/").status_code == 200


def audited(action):
    return AuditEntry.objects.filter(action=action)


def connect(sso, user, subject="person-1"):
    emails.mark_verified(user=user)
    return Identity.objects.create(connection=sso, user=user, subject=subject)
