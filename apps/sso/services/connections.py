"""Setting a workspace's own sign-in up, trying it, requiring it, taking it away."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.accounts.models import UserSession
from apps.accounts.services import sessions
from apps.audit.services import entries as audit
from apps.core.errors import Invalid
from apps.sso import oidc_api
from apps.sso.errors import IssuerUnusable, SsoNotSetUp
from apps.sso.models import Connection
from apps.sso.oidc_api import Client
from apps.sso.rules import CALLBACK, EXEMPT_ROLES
from apps.tenants.access import require
from apps.tenants.models import Membership, Tenant
from apps.usage.plans import SSO
from apps.usage.services import entitlements

DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
MOST_DOMAINS = 50
UNTRIED = "Try the connection first: nobody is to be locked out by a typing error."
FIELDS = ("name", "issuer", "client_id", "email_domains", "joins", "default_role")


@dataclass(frozen=True)
class Check:
    """One step of a trial: what was looked at, whether it is fine, and what was found."""

    title: str
    passed: bool
    detail: str


def find(*, tenant: Tenant) -> Connection | None:
    with schema_context("public"):
        return Connection.objects.filter(tenant=tenant).with_last_sign_in().first()


def get(*, tenant: Tenant) -> Connection:
    """Raises `SsoNotSetUp`."""
    found = find(tenant=tenant)
    if found is None:
        raise SsoNotSetUp("An owner can set it up under Settings, Sign-in.")
    found.tenant = tenant
    return found


def configure(
    *, tenant: Tenant, name: str, issuer: str, client_id: str, client_secret: str,
    email_domains: list[str], joins: bool, default_role: str, by: Any,
) -> Connection:  # fmt: skip
    """Set it up or change it. An empty secret keeps the one that is stored. People who came in by
    another issuer are forgotten with it. Raises `Invalid`, and `UpgradeNeeded` for a first one
    where the plan has none: one that is there goes on, so that nobody is locked out.
    """
    require("sso.update", by=by, tenant=tenant)
    if find(tenant=tenant) is None:
        entitlements.require(SSO, tenant=tenant)
    values = {
        "name": name.strip(), "issuer": issuer.strip(), "client_id": client_id.strip(),
        "email_domains": _domains(email_domains), "joins": joins, "default_role": default_role,
    }  # fmt: skip
    with schema_context("public"), transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        connection = Connection.objects.filter(tenant=tenant).first() or Connection(tenant=tenant)
        _check(connection, values, client_secret)
        changed = _apply(connection, values, client_secret)
        if changed:
            _record("sso.configured", tenant, by, changed)
    return connection


def change(*, tenant: Tenant, by: Any, required: bool | None = None, **named: Any) -> None:
    """Change what is named, as `configure` and `set_required` do it, all or nothing. Raises
    `SsoNotSetUp`, `Invalid`.
    """
    require("sso.update", by=by, tenant=tenant)
    with schema_context("public"), transaction.atomic():
        present = get(tenant=tenant)
        if named:
            values = {field: getattr(present, field) for field in FIELDS}
            configure(tenant=tenant, by=by, **{"client_secret": "", **values, **named})
        if required is not None:
            set_required(tenant=tenant, required=required, by=by)


def remove(*, tenant: Tenant, by: Any) -> None:
    """Take it away; nobody is required to use it any more."""
    require("sso.update", by=by, tenant=tenant)
    connection = get(tenant=tenant)
    with schema_context("public"), transaction.atomic():
        set_requirement(tenant, required=False)
        connection.delete()
        _record("sso.removed", tenant, by, {"issuer": connection.issuer})


def set_required(*, tenant: Tenant, required: bool, by: Any) -> None:
    """From then on members get in by the issuer only; owners keep their password, and each use of
    it is audited. Raises `Invalid` unless a trial has passed, `UpgradeNeeded`.
    """
    require("sso.update", by=by, tenant=tenant)
    connection = get(tenant=tenant)
    if required and not connection.works:
        raise Invalid(UNTRIED, errors={"required": [UNTRIED]})
    if required and not tenant.sso_required:
        entitlements.require(SSO, tenant=tenant)
    with schema_context("public"), transaction.atomic():
        if set_requirement(tenant, required=required):
            action = "sso.required" if required else "sso.made_optional"
            _record(action, tenant, by, {"issuer": connection.issuer})
        if required:
            _end_tokens(tenant, by)


def test(*, tenant: Tenant, redirect_uri: str, by: Any) -> list[Check]:
    """Look at the issuer, step by step, up to the first thing that is wrong."""
    require("sso.update", by=by, tenant=tenant)
    connection = get(tenant=tenant)
    checks = list(_trial(connection, redirect_uri))
    problem = next((check.detail for check in checks if not check.passed), "")
    with schema_context("public"):
        Connection.objects.filter(pk=connection.pk).update(
            tested_at=timezone.now(), problem=problem[:300]
        )
    return checks


def callback_urls(tenant: Tenant) -> list[str]:
    """Where the issuer may lead people back to: one address for each host of the workspace."""
    hosts = [tenant.url]
    if tenant.main_domain:
        hosts.append(tenant.url.replace(tenant.host, tenant.own_host))
    return list(dict.fromkeys(f"{host}{CALLBACK}" for host in hosts))


def client_of(connection: Connection, redirect_uri: str) -> Client:
    return Client(connection.client_id, connection.client_secret, redirect_uri)


def _trial(connection: Connection, redirect_uri: str) -> Any:
    client = client_of(connection, redirect_uri)
    try:
        title = "The issuer's document"
        issuer = oidc_api.discover(connection.issuer)
        yield Check(title, passed=True, detail=f"Found; the issuer is {issuer.name}.")
        title = "Its keys"
        count = oidc_api.try_keys(issuer)
        yield Check(title, passed=True, detail=f"{count} {'key' if count == 1 else 'keys'} found.")
        title = "Client id and secret"
        oidc_api.try_client(issuer, client)
        yield Check(title, passed=True, detail="The issuer knows them.")
    except IssuerUnusable as problem:
        yield Check(title, passed=False, detail=problem.detail)


def _apply(connection: Connection, values: dict[str, Any], secret: str) -> dict[str, Any]:
    """Store what is new; returns it, without the secret."""
    is_new = not connection.client_secret
    changed = {f: values[f] for f in FIELDS if is_new or getattr(connection, f) != values[f]}
    other_issuer = not is_new and "issuer" in changed
    for field, value in values.items():
        setattr(connection, field, value)
    if secret and (is_new or secret != connection.client_secret):
        connection.client_secret, changed["client_secret"] = secret, "changed"
    if {"issuer", "client_id", "client_secret"} & set(changed):
        connection.tested_at, connection.problem = None, ""
        connection.last_failed_at, connection.last_failure = None, ""
    connection.save()
    if other_issuer:
        connection.identities.all().delete()
    return changed


def _check(connection: Connection, values: dict[str, Any], secret: str) -> None:
    errors: dict[str, list[str]] = {}
    if not values["issuer"].startswith(("https://", "http://")):
        errors["issuer"] = ["Write the whole address, such as https://login.school.example."]
    if not (connection.client_secret or secret):
        errors["client_secret"] = ["The issuer gave you one beside the client id."]
    if values["joins"] and not values["email_domains"]:
        errors["email_domains"] = ["Name the domains whose people may join by themselves."]
    if values["default_role"] not in dict(Connection.GIVEN):
        errors["default_role"] = ["Choose student, teacher or admin."]
    errors |= {f: ["This is needed."] for f in ("name", "client_id") if not values[f]}
    if errors:
        raise Invalid(errors=errors)


def _domains(named: list[str]) -> list[str]:
    """Lower case, each once; raises `Invalid` for what is none."""
    found = list(dict.fromkeys(d.strip().lower().lstrip("@") for d in named if d.strip()))
    if wrong := [domain for domain in found if not DOMAIN.fullmatch(domain)]:
        raise Invalid(errors={"email_domains": [f"{wrong[0]} is not a domain."]})
    if len(found) > MOST_DOMAINS:
        raise Invalid(errors={"email_domains": [f"{MOST_DOMAINS} domains is the most."]})
    return found


def set_requirement(tenant: Tenant, *, required: bool) -> bool:
    """Within a transaction whose caller has asked who may; False when it was so before."""
    locked: Tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if locked.sso_required == required:
        return False
    locked.sso_required = required
    locked.save(update_fields=["sso_required"])
    tenant.sso_required = required
    return True


def _end_tokens(tenant: Tenant, by: Any) -> None:
    """Tokens that were got with a password end; browsers are asked at their next page."""
    bound = Membership.objects.filter(tenant=tenant).exclude(role__in=EXEMPT_ROLES)
    held = UserSession.objects.live().filter(
        schema_name=tenant.schema_name, user__in=bound.values("user")
    )
    tokens = held.exclude(kind=UserSession.Kind.BROWSER)
    sessions.end(sessions=list(tokens), ending=UserSession.Ending.REVOKED, by=by)


def _record(action: str, tenant: Tenant, by: Any, data: dict[str, Any]) -> None:
    audit.record(
        action=action, by=by, schema_name=tenant.schema_name, target=tenant, label="Sign-in",
        data=data,
    )  # fmt: skip
