"""`{{ labels|named:row.detail }}`: a part of a ledger account in words."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def named(labels: dict[str, str], detail: str) -> str:
    """Its label where it has one, as tax rates do; else itself, `subscription/school`."""
    return labels.get(detail, detail)
