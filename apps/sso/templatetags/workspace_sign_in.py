"""The workspace's own sign-in, or None: {% workspace_sign_in as sso %}."""

from __future__ import annotations

from typing import Any

from django import template

from apps.sso.models import Connection
from apps.sso.services import connections

register = template.Library()


@register.simple_tag(takes_context=True)
def workspace_sign_in(context: Any) -> Connection | None:
    tenant = getattr(context.get("request"), "tenant", None)
    return connections.find(tenant=tenant) if tenant else None
