"""The ways to show that it is still the same person, one small form each."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import ReauthenticateForm
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from django import forms

from apps.accounts.models import User
from apps.accounts.services import step_up


class PasswordForm(forms.Form):
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError("This is not your password.")
        return password

    def save(self) -> None:
        step_up.confirm(context.request, "password")


class CodeForm(ReauthenticateForm):  # type: ignore[misc]
    """A code of an authenticator app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "Code from your app, or a recovery code"
        self.fields["code"].widget.attrs.pop("placeholder", None)


class PasskeyForm(ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """The browser's answer to a challenge."""


class MailedCodeForm(forms.Form):
    mailed_code = forms.CharField(
        label="Code from the mail",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_mailed_code(self) -> str:
        code: str = self.cleaned_data["mailed_code"]
        if not step_up.check_code(context.request, self.user, code):
            raise forms.ValidationError("This is not the code we sent last, or it is too old.")
        return code

    def save(self) -> None:
        step_up.confirm(context.request, "code")
