"""What a workspace's home page shows of its first steps and its present term."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from apps.tenants import configuration
from apps.tenants.services import onboarding

register = template.Library()


@register.inclusion_tag("onboarding/_card.html", takes_context=True)
def onboarding_card(context: dict[str, Any]) -> dict[str, Any]:
    """Nothing for those who cannot take the steps, nor when they are done or put away."""
    request = context["request"]
    if "workspace.configure" not in request.can:
        return {}
    progress = onboarding.progress(tenant=request.tenant, can=request.can)
    if progress.is_closed or progress.next_step is None:
        return {}
    return {"progress": progress, "csrf_token": context.get("csrf_token")}


@register.simple_tag(takes_context=True)
def present_term(context: dict[str, Any]) -> str:
    """`Autumn, week 5 of 16`, or nothing between terms."""
    found = configuration.of(context["request"].tenant)
    at = configuration.term_at(found, timezone.localdate())
    return f"{at[0].name}, week {at[1]} of {at[2]}" if at else ""
