"""Moments in mails, as the mail's language writes them and in its reader's time zone."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django import template
from django.utils import translation
from django.utils.formats import date_format

register = template.Library()

DAYS: Final = {"de": "j. F Y", "es": r"j \d\e F \d\e Y"}
DAY = "j F Y"


def _day_format() -> str:
    return DAYS.get((translation.get_language() or "en")[:2], DAY)


@register.filter(expects_localtime=True)
def day(moment: datetime) -> str:
    return date_format(moment, _day_format(), use_l10n=False)


@register.filter(expects_localtime=True)
def moment(moment: datetime) -> str:
    """With the time and the zone's name."""
    return date_format(moment, f"{_day_format()}, H:i T", use_l10n=False)
