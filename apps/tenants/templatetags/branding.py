"""A workspace's colour and mark on its pages."""

from __future__ import annotations

from django import template

from apps.tenants import branding

register = template.Library()


@register.filter
def brand_class(accent: str) -> str:
    return branding.css_class(accent)


@register.filter
def brand_stylesheet(accent: str) -> str:
    """Its address, on any host: it depends on the colour alone."""
    return f"/branding/{accent[1:].lower()}.css"


@register.filter
def ink_on(accent: str) -> str:
    return branding.ink_on(accent)


@register.filter
def initials(name: str) -> str:
    """The first letters of the first two words."""
    return "".join(word[0] for word in name.split()[:2]).upper()


@register.filter
def split_words(text: str) -> list[str]:
    return text.split()
