"""Words that the product itself gives its rows, in the language of the mail."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext

register = template.Library()


@register.filter
def words(said: str) -> str:
    """A role, a state, a reason: translated where the product says it, as it is where a person
    wrote it.
    """
    return gettext(said) if said else ""
