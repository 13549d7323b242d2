"""What this app hears of people who sign in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.signals import signing_in
from apps.audit.services import entries as audit
from apps.sso import rules
from apps.sso.errors import SsoRequired
from apps.tenants.models import Membership, Tenant
from apps.tenants.permissions import Role


def connect() -> None:
    signing_in.connect(refuse_other_means, dispatch_uid="sso-required")
    user_logged_in.connect(note_means, dispatch_uid="sso-note-means")


def refuse_other_means(request: HttpRequest, user: User, **_: Any) -> None:
    """Password, code or passkey of somebody who has to come in by the issuer."""
    tenant: Tenant | None = getattr(request, "tenant", None)
    if tenant is None or not tenant.sso_required:
        return
    if rules.is_pending(request.session, user, tenant):
        return
    if rules.is_bound(Membership.objects.of(user=user, tenant=tenant), user):
        raise SsoRequired(
            f"{tenant} has its members sign in with {tenant.sso.name}. Go back and choose that; "
            "your own password is not asked for there."
        )


def note_means(request: HttpRequest | None, user: User, **_: Any) -> None:
    """Whether the issuer has opened this session; an owner's way around it is put on record."""
    tenant: Tenant | None = getattr(request, "tenant", None)
    if request is None or tenant is None:
        return
    by_issuer = rules.is_pending(request.session, user, tenant)
    request.session.pop(rules.PENDING, None)
    request.session.pop(rules.PROOF, None)
    if by_issuer:
        request.session[rules.PROOF] = tenant.schema_name
    elif tenant.sso_required:
        _put_on_record(tenant, user)


def _put_on_record(tenant: Tenant, user: User) -> None:
    membership = Membership.objects.of(user=user, tenant=tenant)
    if membership is not None and membership.role == Role.OWNER:
        with transaction.atomic():
            audit.record(
                action="sso.bypassed", by=user, schema_name=tenant.schema_name, target=user
            )
