from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def code_words(text: str) -> SafeString:
    """What stands between backticks as code; the rest escaped."""
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<code class="mono">{}</code>', part) if number % 2 else part,)
            for number, part in enumerate(text.split("`"))
        ),
    )
