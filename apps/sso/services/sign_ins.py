"""From the issuer's word to a person of the workspace.

The issuer is the customer's, and speaks for this workspace only. So it opens no account that is
somebody's already until the mailbox, or the person signed in by means of their own, has agreed;
and what it opens is this workspace's host, not the person's own settings (`apps.sso.middleware`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any, NoReturn

from allauth.account.models import EmailAddress
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.accounts.signals import mail_wanted
from apps.audit.services import entries as audit
from apps.core import attempts
from apps.sso import oidc_api
from apps.sso.errors import LinkSpent, SsoFailed, SsoRefused
from apps.sso.models import Connection, Identity
from apps.sso.services import failures
from apps.sso.services.connections import client_of
from apps.tenants.access import require_writable
from apps.tenants.models import Membership, Tenant
from apps.tenants.signals import seats_wanted

SECONDS_AWAY = 15 * 60
LINK_SECONDS = 30 * 60
SALT = "sso.link"
MAILBOX = "3/hour;8/day"  # an issuer that names somebody over and over fills no mailbox
NAME_LENGTH = 120


class LinkOffered(Exception):
    """There is an account with this address; its mailbox was asked. `email` says which."""

    def __init__(self, email: str, held: dict[str, Any]) -> None:
        super().__init__(email)
        self.email, self.held = email, held


def begin(*, connection: Connection, redirect_uri: str, onward: str) -> tuple[str, dict[str, Any]]:
    """Where the browser goes, and what its session has to keep until it comes back. Raises
    `IssuerUnusable`.
    """
    with failures.noted(connection):
        issuer = oidc_api.discover(connection.issuer)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    url = oidc_api.address(
        issuer, client_of(connection, redirect_uri), state=state, nonce=nonce,
        challenge=challenge, hint="",
    )  # fmt: skip
    kept = {
        "state": state, "nonce": nonce, "verifier": verifier, "connection": str(connection.pk),
        "issuer": connection.issuer, "redirect_uri": redirect_uri, "onward": onward,
        "until": time.time() + SECONDS_AWAY,
    }  # fmt: skip
    return url, kept


def finish(
    *, connection: Connection, kept: dict[str, Any] | None, state: str, code: str,
    present: User | None,
) -> User:  # fmt: skip
    """The person whom the issuer has sent back, a member from now on.

    `present` is who is signed in here by means of their own, if anybody is. Raises `SsoFailed`,
    `SsoRefused`, `IssuerUnusable`, `LinkOffered`, `LimitReached`.
    """
    if kept is None or not _is_asked_for(connection, kept, state):
        raise SsoFailed("This answer is too old, or belongs to another window. Start again.")
    client = client_of(connection, kept["redirect_uri"])
    with failures.noted(connection):
        issuer = oidc_api.discover(connection.issuer)
        claims = oidc_api.redeem(
            issuer, client, code=code, verifier=kept["verifier"], nonce=kept["nonce"]
        )
    try:
        with schema_context("public"), transaction.atomic():
            Tenant.objects.select_for_update(no_key=True).get(pk=connection.tenant_id)
            return _admit(connection, claims, present)
    except LinkOffered as offer:
        _ask_mailbox(connection, offer)
        raise


def decline(*, connection: Connection, kept: dict[str, Any] | None, state: str, error: str) -> None:
    """The issuer sent the person back with an error (RFC 6749, 4.1.2.1). What is not the person's
    own doing is kept as the connection's last failure. Raises `SsoRefused`.
    """
    if error == "access_denied":
        raise SsoRefused(
            "You turned back on the other side, or are not meant to get in. Nothing changed."
        )
    if kept is not None and _is_asked_for(connection, kept, state):
        failures.note(connection, f"The issuer says: {error[:80]}.")
    raise SsoRefused(f"The issuer says: {error[:80]}. Tell an owner of the workspace.")


def accept_link(*, tenant: Tenant, token: str) -> User:
    """The mailbox's agreement: from now on the issuer opens this account, here. Raises
    `LinkSpent`, `SsoRefused`.
    """
    held = read_link(tenant=tenant, token=token)
    with schema_context("public"), transaction.atomic():
        user = User.objects.get(pk=held["user"])
        connection = Connection.objects.select_related("tenant").get(pk=held["connection"])
        _link(connection, held["subject"], user)
        _belong(connection, user, held["email"])
    return user


def read_link(*, tenant: Tenant, token: str) -> dict[str, Any]:
    """`user`, `connection`, `subject`, `email` of a link that is still good. Raises `LinkSpent`."""
    try:
        held: dict[str, Any] = signing.loads(token, salt=SALT, max_age=LINK_SECONDS)
    except signing.BadSignature as error:
        raise LinkSpent("It is good for half an hour. Sign in once more to get another.") from error
    with schema_context("public"):
        known = Connection.objects.filter(
            pk=held["connection"], tenant=tenant, issuer=held["issuer"]
        ).exists()
        alive = User.objects.filter(pk=held["user"], is_active=True).exists()
    if not (known and alive):
        raise LinkSpent("The sign-in of this workspace has changed since. Sign in once more.")
    return held


def _is_asked_for(connection: Connection, kept: dict[str, Any], state: str) -> bool:
    """Whether the answer is to what this session asked, of this issuer, not long ago."""
    return (
        kept["until"] >= time.time()
        and hmac.compare_digest(kept["state"], state)
        and (kept["connection"], kept["issuer"]) == (str(connection.pk), connection.issuer)
    )


def _admit(connection: Connection, claims: dict[str, Any], present: User | None) -> User:
    email = _email(claims)
    identity = connection.identities.filter(subject=claims["sub"]).select_related("user").first()
    if identity is not None:
        user = identity.user
    else:
        user = _user_for(connection, claims, email, present)
        identity = _link(connection, claims["sub"], user)
    if not user.is_active:
        raise SsoRefused("Your account is closed. Ask an owner of the workspace.")
    _belong(connection, user, email or user.email)
    Identity.objects.filter(pk=identity.pk).update(last_used_at=timezone.now())
    return user


def _user_for(
    connection: Connection, claims: dict[str, Any], email: str, present: User | None
) -> User:
    """Somebody known by the address once they, or their domain's owner, agree; else a new one."""
    if not email:
        raise SsoRefused("The issuer does not say what your e-mail address is.")
    _require_domain(connection, email)
    known = _known(email)
    if known is None:
        return _new_user(connection, claims, email)
    agreed = present is not None and present.pk == known.pk
    if not agreed and not _owns_domain(connection.tenant, email):
        _offer_link(connection, claims["sub"], known, email)
    return known


def _new_user(connection: Connection, claims: dict[str, Any], email: str) -> User:
    if not connection.joins:
        raise SsoRefused(
            f"There is no account with {email} yet, and {connection.tenant} is by invitation. Ask "
            "an owner or admin to invite you."
        )
    name = str(claims.get("name") or claims.get("preferred_username") or "")[:NAME_LENGTH]
    user = User.objects.create_user(email, None, name=name)
    # The issuer's word is good for this workspace. Elsewhere the mailbox has yet to be shown.
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    return user


def _belong(connection: Connection, user: User, email: str) -> None:
    """A member already, or one from now on; whoever is suspended stays outside."""
    tenant = connection.tenant
    membership = Membership.objects.filter(tenant=tenant, user=user).first()
    if membership is not None:
        if membership.suspended_at is not None:
            raise SsoRefused(f"{tenant} is closed to you. Ask an owner or admin.")
        return
    if not connection.joins:
        raise SsoRefused(f"{tenant} is by invitation. Ask an owner or admin to invite you.")
    _require_domain(connection, email)
    require_writable(tenant=tenant)
    made = Membership(tenant=tenant, user=user, role=connection.default_role)
    seats_wanted.send(sender=Tenant, tenant=tenant, adding=1, staff=int(made.is_staff))
    made.save(force_insert=True)
    _record("member.joined", tenant, user, {"role": connection.default_role, "by": "sign-in"})


def _link(connection: Connection, subject: str, user: User) -> Identity:
    try:
        with transaction.atomic():
            identity, is_new = Identity.objects.get_or_create(
                connection=connection, subject=subject, defaults={"user": user}
            )
    except IntegrityError as error:
        raise SsoRefused(
            f"{user} signs in as somebody else at {connection.name}. Use that, or ask an owner."
        ) from error
    if identity.user_id != user.pk:
        raise LinkSpent
    if is_new:
        _record("sso.linked", connection.tenant, user, {"issuer": connection.issuer})
    return identity


def _offer_link(connection: Connection, subject: str, user: User, email: str) -> NoReturn:
    held = {
        "connection": str(connection.pk), "issuer": connection.issuer, "subject": subject,
        "user": str(user.pk), "email": email,
    }  # fmt: skip
    raise LinkOffered(user.email or email, held)


def _ask_mailbox(connection: Connection, offer: LinkOffered) -> None:
    attempts.take("sso-link", offer.email, MAILBOX)
    token = signing.dumps(offer.held, salt=SALT, compress=True)
    url = f"{connection.tenant.url}/accounts/sso/link/{token}/"
    context = {"email": offer.email, "url": url, "tenant": connection.tenant, "sso": connection}
    mail_wanted.send(sender=Connection, template="mail/sso_link", to=offer.email, context=context)


def _known(email: str) -> User | None:
    shown = Q(emailaddress__email__iexact=email, emailaddress__verified=True)
    return User.objects.filter(Q(email__iexact=email) | shown).distinct().first()


def _owns_domain(tenant: Tenant, email: str) -> bool:
    """The workspace has shown by a DNS record that the very domain is its own."""
    domain = email.rpartition("@")[2].lower()
    return bool(tenant.domains.live().custom().filter(domain=domain).exists())


def _require_domain(connection: Connection, email: str) -> None:
    if not connection.admits(email):
        raise SsoRefused(
            f"{connection.tenant} lets in people of {', '.join(connection.email_domains)}; the "
            f"issuer says that you are {email}."
        )


def _email(claims: dict[str, Any]) -> str:
    """In lower case; empty when the issuer tells none, or says that it never saw it verified."""
    email = str(claims.get("email") or "").strip().lower()
    if not email or claims.get("email_verified") in {False, "false"}:
        return ""
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email


def _record(action: str, tenant: Tenant, user: User, data: dict[str, str]) -> None:
    audit.record(action=action, by=user, schema_name=tenant.schema_name, target=user, data=data)
