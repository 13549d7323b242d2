"""What a workspace's home page shows of its first steps and its present term."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from apps.tenants import configuration
from apps.tenants.services import onboarding

register = template.Library()


@register.simple_tag(takes_context=True)
def first_steps(context: dict[str, Any]) -> onboarding.Progress | None:
    """Nothing for those who cannot take the steps, nor when they are done or put away."""
    request = context["request"]
    if "workspace.configure" not in request.can:
        return None
    progress = onboarding.progress(tenant=request.tenant, can=request.can)
    return None if progress.is_closed or progress.next_step is None else progress


@register.simple_tag(takes_context=True)
def present_term(context: dict[str, Any]) -> str:
    """`Autumn, week 5 of 16`, or nothing between terms."""
    found = configuration.of(context["request"].tenant)
    at = configuration.term_at(found, timezone.localdate())
    return f"{at[0].name}, week {at[1]} of {at[2]}" if at else ""
