from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.core import context
from django import forms


class SignupForm(allauth_forms.SignupForm):  # type: ignore[misc]
    """Name, e-mail, password. An address an invitation has vouched for is shown and settled."""

    name = forms.CharField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        request = context.request
        if request is not None and request.session.get("account_verified_email"):
            self.fields["email"].widget.attrs["readonly"] = True
