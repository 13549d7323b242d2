"""`{% offers as found %}`: the plans with what they cost, for pages of any app."""

from __future__ import annotations

from django import template

from apps.payments import pricing

register = template.Library()
register.simple_tag(pricing.offers, name="offers")
