"""What each way of signing up asks beside the address, as allauth's forms inherit it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest


class SignupFields(forms.Form):
    name = forms.CharField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def signup(self, request: HttpRequest, user: Any) -> None:
        """allauth wants one; `AccountAdapter.save_user` has done it."""
