"""A service's refusal, shown at the form that asked for it."""

from __future__ import annotations

from typing import Any

from django.forms import BaseForm

from apps.core.errors import DomainError


def show(form: BaseForm, error: DomainError) -> None:
    """Each of its `errors` at the field it names, or above the form where there is no such field;
    of an error that names none its detail above the form.
    """
    named: dict[str, Any] = getattr(error, "errors", {})
    for name, sentences in named.items():
        form.add_error(name if name in form.fields else None, list(sentences))
    if not named:
        form.add_error(None, error.detail)
