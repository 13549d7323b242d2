from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.core import context
from allauth.socialaccount import forms as social_forms
from django import forms


def speak_plainly(form: forms.Form) -> None:
    """The words of the other pages; a label says all, so the grey text in the fields goes."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        if name in {"login", "email"}:
            field.label = "E-mail"


class LoginForm(allauth_forms.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak_plainly(self)


class ResetPasswordForm(allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak_plainly(self)


class AddEmailForm(allauth_forms.AddEmailForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak_plainly(self)


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak_plainly(self)


class ConfirmLoginCodeForm(allauth_forms.ConfirmLoginCodeForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak_plainly(self)
        self.fields["code"].widget.attrs |= {"autocomplete": "one-time-code", "autofocus": True}


class SocialSignupForm(social_forms.SignupForm):  # type: ignore[misc]
    """What the account elsewhere did not tell: a name, or an address to verify."""

    field_order = ["name", "email"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak_plainly(self)


class SignupForm(allauth_forms.SignupForm):  # type: ignore[misc]
    """Name, e-mail, password. An address an invitation has vouched for is shown and settled."""

    field_order = ["name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak_plainly(self)
        request = context.request
        if request is not None and request.session.get("account_verified_email"):
            self.fields["email"].widget.attrs["readonly"] = True
