"""How allauth's flows join the product."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts import throttles
from apps.accounts.models import User
from apps.accounts.services import step_up
from apps.accounts.signals import mail_wanted, signing_in
from apps.core.attempts import TooManyAttempts
from apps.core.errors import DomainError

HOME = "/"
WORKSPACES = "/workspaces/"
SIGN_UPS = ("account_signup", "signup")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": "This is not the code we sent. Look into the newest mail.",
        "too_many_login_attempts": (
            "Too many failed login attempts. Wait a few minutes, or sign in with a code by mail."
        ),
        # pragma: allowlist nextline secret
        "email_password_mismatch": "The e-mail or the password is not right.",
    }

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 -- allauth's signature
        user.name = form.cleaned_data.get("name", "")
        return super().save_user(request, user, form, commit=commit)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made on the public host; a workspace invites."""
        return getattr(request, "tenant", None) is None

    def is_safe_url(self, url: str | None) -> bool:
        """Where `next` may lead: on the host one is on, and not, as allauth would have it, to any
        that the settings trust, among which are other customers'.
        """
        request = allauth_context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return HOME if getattr(request, "tenant", None) else WORKSPACES

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts each attempt at a password, on every way that takes one."""
        try:
            throttles.take_password(request, credentials.get("email", ""))
        except TooManyAttempts as error:
            raise self.validation_error("too_many_login_attempts") from error

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            throttles.password_was_right(request, credentials.get("email", ""))
        return user

    def pre_login(self, request: HttpRequest, user: Any, **about: Any) -> HttpResponse | None:
        """Before every sign-in, whatever the means: upper floors may object."""
        response: HttpResponse | None = super().pre_login(request, user, **about)
        if response is None:
            try:
                signing_in.send(sender=type(self), request=request, user=user)
            except DomainError as refusal:
                raise ImmediateHttpResponse(throttles.refuse(request, refusal)) from refusal
        return response

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Called by allauth after a reset: whoever reads the mailbox starts afresh."""
        throttles.password_was_right(request, credentials["email"])

    def respond_email_verification_sent(self, request: HttpRequest, user: Any) -> HttpResponse:
        """After signing up. With an address that is known no account was made; the answer takes
        the time that making one would have taken, most of which is the hash.
        """
        match = request.resolver_match
        if user is None and match and match.url_name in SIGN_UPS:
            User().set_password("as long as any")
        response: HttpResponse = super().respond_email_verification_sent(request, user)
        return response

    def should_send_confirmation_mail(
        self,
        request: HttpRequest,
        email_address: Any,
        signup: bool,  # noqa: FBT001 -- allauth's signature
    ) -> bool:
        """Signing in with an unconfirmed address sends the link again, to one mailbox not often."""
        try:
            if not signup:
                throttles.take_mail(request, email_address.email)
        except TooManyAttempts:
            return False
        return bool(super().should_send_confirmation_mail(request, email_address, signup))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mail leaves through a job, so that no page waits for a mail service."""
        mail_wanted.send(
            sender=type(self),
            template=template_prefix,
            to=email,
            context={"email": email, **context},
        )

    def set_password(self, user: Any, password: str) -> None:
        """The first password of somebody who is signed in without one opens the account for good;
        whoever has one is asked for it by allauth.
        """
        request = allauth_context.request
        own = request is not None and request.user.is_authenticated and request.user.pk == user.pk
        if own and not user.has_usable_password() and not step_up.is_recent(request):
            raise ReauthenticationRequired
        super().set_password(user, password)

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:  # noqa: ARG002
        """As everywhere in the product. Raises itself, because allauth asks nothing of people
        without a password.
        """
        if not step_up.is_recent(allauth_context.request):
            raise ReauthenticationRequired
        return False

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, str]]:
        """One page offers all ways."""
        if not user.is_authenticated:
            return []
        url = reverse("account_reauthenticate")
        return [{"id": "reauthenticate", "description": "Confirm that it is you", "url": url}]
