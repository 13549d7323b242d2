from __future__ import annotations

from django import template

from apps.help import words

register = template.Library()
register.filter("marked", words.marked)
