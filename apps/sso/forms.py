"""What an owner fills in about the issuer."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.sso.models import Connection

PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class ConnectionForm(forms.Form):
    name = forms.CharField(
        label="Name on the button", max_length=40, initial="your school account",
        help_text="As in “Continue with Lincoln account”.",
    )  # fmt: skip
    issuer = forms.CharField(
        label="Issuer", max_length=500, widget=forms.URLInput(attrs=PLAIN),
        help_text="The address before /.well-known/openid-configuration.",
    )  # fmt: skip
    client_id = forms.CharField(
        label="Client id", max_length=255, widget=forms.TextInput(attrs=PLAIN)
    )
    client_secret = forms.CharField(
        label="Client secret", max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    email_domains = forms.CharField(
        label="E-mail domains", required=False, max_length=5000,
        widget=forms.TextInput(attrs=PLAIN),
        help_text="Whose people are let in, separated by commas. Empty: all the issuer knows.",
    )  # fmt: skip
    joins = forms.BooleanField(
        label="People of these domains join by signing in", required=False,
        help_text="Otherwise only members and invited people get in.",
    )  # fmt: skip
    default_role = forms.ChoiceField(
        label="They join as", choices=Connection.GIVEN, initial="teacher", widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, connection: Connection | None, **kwargs: Any) -> None:
        if connection is not None:
            names = ("name", "issuer", "client_id", "joins", "default_role")
            kwargs["initial"] = {name: getattr(connection, name) for name in names}
            kwargs["initial"]["email_domains"] = ", ".join(connection.email_domains)
        super().__init__(*args, **kwargs)
        if connection is not None:
            self.fields["client_secret"].required = False
            self.fields["client_secret"].help_text = "One is stored. Leave it empty to keep it."

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        domains = self.cleaned_data["email_domains"].replace(";", ",").replace(" ", ",").split(",")
        return {**self.cleaned_data, "email_domains": domains}

    def take(self, errors: dict[str, list[str]]) -> None:
        for name, messages in errors.items():
            for message in messages:
                self.add_error(name, message)
