from __future__ import annotations

from typing import Any

from django import template

from apps.accounts import passkeys

register = template.Library()


@register.simple_tag(takes_context=True)
def passkeys_work_here(context: Any) -> bool:
    """Whether a browser lets this host use the product's passkeys."""
    request = context.get("request")
    return request is not None and passkeys.work_here(request)
