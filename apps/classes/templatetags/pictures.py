"""`{% picture "sun" %}`: a drawing of static/pictures.svg, named for screen readers by the text
beside it.
"""

from __future__ import annotations

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def picture(name: str) -> SafeString:
    address = static("pictures.svg")
    return format_html(
        '<svg class="picture" viewBox="0 0 64 64" aria-hidden="true"><use href="{}#{}"/></svg>',
        address,
        name,
    )
