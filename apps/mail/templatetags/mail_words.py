"""Words that the product itself gives its rows, in the language of the mail."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

register = template.Library()


@register.filter
def words(said: str) -> str:
    """A role, a state, a reason: translated where the product says it, as it is where a person
    wrote it.
    """
    return gettext(said) if said else ""


@register.filter
def linked(said: str, addresses: Sequence[str]) -> SafeString:
    """Text as HTML, in which these addresses, and what follows of their paths, are links."""
    if not addresses:
        return SafeString(escape(said))
    known = re.compile("|".join(f"{re.escape(address)}/?" for address in addresses))
    parts, end = [], 0
    for found in known.finditer(said):
        parts += [
            escape(said[end : found.start()]),
            format_html('<a href="{0}">{0}</a>', found[0]),
        ]
        end = found.end()
    return mark_safe("".join([*parts, escape(said[end:])]))  # noqa: S308 -- each part is escaped
