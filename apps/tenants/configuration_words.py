"""Settings and their values in words, for pages and commands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from django.conf import settings
from django.utils.formats import date_format

from apps.tenants.configuration import limited_metrics
from apps.tenants.features import FEATURES
from apps.tenants.permissions import Role

WEEK_DAYS: Final = {"monday": "Monday", "sunday": "Sunday", "saturday": "Saturday"}
MARKS: Final = {
    "case": "Bag",
    "letters": "Initials",
    "cube": "Cube",
    "tree": "Tree",
    "layers": "Layers",
    "shield": "Shield",
    "code": "Code",
    "play": "Play",
}
LABELS: Final = {
    "locale": "Language and formats",
    "time_zone": "Time zone",
    "week_start": "First day of the week",
    "terms": "Terms",
    "accent": "Colour",
    "mark": "Mark",
    "session_idle_minutes": "Signed out when unused for",
    "session_hours": "Signed out after",
    "mfa_roles": "Two-step sign-in is required of",
}


def label(setting: str) -> str:
    group, _, name = setting.partition(".")
    if group == "features":
        return FEATURES[name].label if name in FEATURES else name
    if group == "limits":
        return f"Limit on {limited_metrics().get(name, name)}"
    return LABELS.get(setting, setting)


def words(setting: str, value: Any) -> str:
    """`value` as it is in JSON: what stands in a version or in an error."""
    group = setting.partition(".")[0]
    if group == "features":
        return "on" if value else "off"
    if group == "limits":
        return "the plan's" if value is None else str(value)
    known = {"locale": dict(settings.LANGUAGES), "week_start": WEEK_DAYS, "mark": MARKS}
    if setting in SPOKEN:
        return SPOKEN[setting](value)
    return str(known.get(setting, {}).get(value, value))


def told(changes: dict[str, list[Any]]) -> list[dict[str, str]]:
    """A version's changes, one row for each setting: label, before, after."""
    return [
        {"label": label(name), "before": words(name, before), "after": words(name, after)}
        for name, (before, after) in sorted(changes.items(), key=_place)
    ]


def _term(term: dict[str, str]) -> str:
    first, last = (date_format(date.fromisoformat(term[end])) for end in ("starts", "ends"))
    return f"{term['name']}, {first} to {last}"


def _place(change: tuple[str, Any]) -> tuple[int, str]:
    """Settings as they stand on their pages, then features and limits."""
    name = change[0]
    return (list(LABELS).index(name) if name in LABELS else len(LABELS)), name


def _limit(unit: str) -> Callable[[Any], str]:
    return lambda value: f"{value} {unit}" if value else "the longest there is"


SPOKEN: Final[dict[str, Callable[[Any], str]]] = {
    "terms": lambda value: "; ".join(_term(term) for term in value or []) or "none",
    "accent": lambda value: str(value or "the product's own"),
    "session_idle_minutes": _limit("minutes"),
    "session_hours": _limit("hours"),
    "mfa_roles": lambda value: ", ".join(Role(role).label for role in value or []) or "nobody",
}
