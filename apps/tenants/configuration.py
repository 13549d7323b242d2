"""A workspace's configuration: what can be set, typed, with the rules of each field.

`of(tenant)` reads it without a query: it travels with the tenant's row and its cache entry.
Changes go through `services.configuration`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from typing import Annotated, Any, Final, Literal
from zoneinfo import available_timezones

from django.conf import settings
from django.utils.formats import date_format
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from apps.core.errors import Invalid
from apps.tenants.features import FEATURES, Feature
from apps.tenants.models import Tenant
from apps.tenants.permissions import Role

# Kept in columns of the tenant's row, where every release has looked for them.
COLUMNS: Final = ("locale", "time_zone", "accent")
MOST_TERMS = 24
MOST_LIMIT = 10**15
MOST_IDLE = int(settings.SESSION_IDLE.total_seconds()) // 60
MOST_HOURS = int(settings.SESSION_ABSOLUTE.total_seconds()) // 3600
FIRST_DAY: Final = {"monday": 0, "saturday": 5, "sunday": 6}  # as date.weekday() counts

# What pydantic says for programmers, for people.
WORDS: Final = {
    "missing": "This is needed.",
    "extra_forbidden": "There is no such setting.",
    "date_from_datetime_parsing": "Write a date as YYYY-MM-DD.",
    "date_parsing": "Write a date as YYYY-MM-DD.",
    "date_type": "Write a date as YYYY-MM-DD.",
    "string_type": "Write text.",
    "string_too_short": "This is needed.",
    "string_too_long": "This is too long: {max_length} characters at most.",
    "bool_type": "Answer true or false.",
    "bool_parsing": "Answer true or false.",
    "int_type": "Write a whole number.",
    "int_parsing": "Write a whole number.",
    "greater_than_equal": "Write {ge} or more.",
    "less_than_equal": "Write {le} or less.",
    "dict_type": "Write an object.",
    "model_type": "Write an object with name, starts and ends.",
    "tuple_type": "Write a list.",
    "too_long": "These are too many: {max_length} at most.",
}


class Term(BaseModel):
    """A stretch of teaching, first and last day included."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: Annotated[str, Field(min_length=1, max_length=60)]
    starts: date
    ends: date

    @field_validator("name")
    @classmethod
    def _in_print(cls, name: str) -> str:
        if not name.isprintable():
            raise ValueError("Write it on one line, in letters, digits and signs.")
        return name

    @field_validator("starts", "ends", mode="before")
    @classmethod
    def _written_out(cls, day: object) -> object:
        # A number would be read as seconds since 1970.
        return day if isinstance(day, str | date) else "no date"

    @model_validator(mode="after")
    def _has_a_length(self) -> Term:
        if self.starts >= self.ends:
            raise ValueError("A term ends after it starts.")
        return self


class Configuration(BaseModel):
    """All of it. Every field has a default, so that a workspace without one can be read."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    locale: str = "en"
    time_zone: str = "UTC"
    week_start: Literal["monday", "saturday", "sunday"] = "monday"
    terms: Annotated[tuple[Term, ...], Field(max_length=MOST_TERMS)] = ()
    features: dict[str, bool] = {}
    limits: dict[str, Annotated[int, Field(ge=0, le=MOST_LIMIT, strict=True)]] = {}
    accent: str = ""
    # How long people stay signed in here; None is the installation's own, which is the most.
    session_idle_minutes: Annotated[int, Field(ge=5, le=MOST_IDLE, strict=True)] | None = None
    session_hours: Annotated[int, Field(ge=1, le=MOST_HOURS, strict=True)] | None = None
    # Built-in roles that have to have switched two-step sign-in on.
    mfa_roles: tuple[str, ...] = ()
    mark: Literal["case", "letters", "cube", "tree", "layers", "shield", "code", "play"] = "case"

    def has(self, feature: str) -> bool:
        """Whether a declared feature is switched on here."""
        return self.features.get(feature, FEATURES[feature].default)

    def switches(self) -> dict[str, bool]:
        """Every declared feature."""
        return {name: self.has(name) for name in FEATURES}

    @field_validator("locale")
    @classmethod
    def _offered(cls, locale: str) -> str:
        if locale not in dict(settings.LANGUAGES):
            raise ValueError(f"Choose one of: {', '.join(dict(settings.LANGUAGES))}.")
        return locale

    @field_validator("time_zone")
    @classmethod
    def _known(cls, time_zone: str) -> str:
        if time_zone not in time_zones():
            raise ValueError("Choose a time zone from the list, as Europe/London.")
        return time_zone

    @field_validator("accent")
    @classmethod
    def _colour(cls, accent: str) -> str:
        digits = accent[1:].lower()
        if accent and not (len(accent) == 7 and accent[0] == "#" and _is_hex(digits)):  # noqa: PLR2004
            raise ValueError("Write a colour as #rrggbb.")
        return accent.lower()

    @field_validator("mfa_roles")
    @classmethod
    def _roles(cls, roles: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(roles) - set(Role.values)):
            raise ValueError(f"There is no role {', '.join(unknown)}.")
        return tuple(role for role in Role.values if role in roles)

    @field_validator("features")
    @classmethod
    def _declared(cls, features: dict[str, bool]) -> dict[str, bool]:
        if unknown := sorted(set(features) - set(FEATURES)):
            raise ValueError(f"There is no feature {', '.join(unknown)}.")
        return features

    @field_validator("limits")
    @classmethod
    def _metrics(cls, limits: dict[str, int]) -> dict[str, int]:
        if unknown := sorted(set(limits) - set(_metrics)):
            raise ValueError(f"There is no limit on {', '.join(unknown)}.")
        return limits

    @field_validator("terms")
    @classmethod
    def _in_order(cls, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        ordered = tuple(sorted(terms, key=lambda term: term.starts))
        for earlier, later in pairwise(ordered):
            if later.starts <= earlier.ends:
                day = date_format(later.starts)
                raise ValueError(f"{later.name} starts on {day}, before {earlier.name} is over.")
        return ordered


FIELDS: Final = tuple(Configuration.model_fields)
_metrics: dict[str, str] = {}


def declare_limits(metrics: Mapping[str, str]) -> None:
    """Name what an operator may limit: metric to its words. Upper floors call it at start."""
    _metrics.update(metrics)
    _read.cache_clear()


def limited_metrics() -> dict[str, str]:
    """What may be limited: metric to its words."""
    return dict(_metrics)


@cache
def time_zones() -> frozenset[str]:
    """The IANA zones of places, and UTC."""
    return frozenset(z for z in available_timezones() if "/" in z and not z.startswith("Etc/")) | {
        "UTC"
    }


def of(tenant: Tenant) -> Configuration:
    """The workspace's configuration; costs no query.

    A stored value that this release does not understand counts as not set: an older release
    reads what a newer one wrote.
    """
    known: tuple[Any, Configuration] | None = tenant.__dict__.get("_configuration")
    stored = snapshot(tenant)
    if known is None or known[0] != stored:
        known = stored, _read(json.dumps(stored))
        tenant.__dict__["_configuration"] = known
    return known[1]


def snapshot(tenant: Tenant) -> dict[str, Any]:
    """All that is stored, as JSON."""
    return {**tenant.configuration, **{name: getattr(tenant, name) for name in COLUMNS}}


def parse(values: Mapping[str, Any]) -> Configuration:
    """Typed and checked, or `Invalid` with sentences at the fields (`terms.0.ends`)."""
    try:
        return Configuration.model_validate(dict(values))
    except ValidationError as error:
        raise Invalid(errors=_sentences(error)) from error


def term_at(found: Configuration, day: date) -> tuple[Term, int, int] | None:
    """The term of that day, the number of its week and how many it has. Weeks begin on the
    workspace's first day of the week, so that a first week may be short.
    """
    for term in found.terms:
        if term.starts <= day <= term.ends:
            begin = _week(term.starts, found.week_start)
            passed = (_week(day, found.week_start) - begin).days // 7
            whole = (_week(term.ends, found.week_start) - begin).days // 7
            return term, passed + 1, whole + 1
    return None


def _week(day: date, week_start: str) -> date:
    return day - timedelta(days=(day.weekday() - FIRST_DAY[week_start]) % 7)


def read(stored: Mapping[str, Any]) -> Configuration:
    """As `of`, for values that are stored elsewhere."""
    return Configuration.model_validate(readable(stored))


@lru_cache(maxsize=1024)
def _read(text: str) -> Configuration:
    """Many requests in a row are about the same configuration."""
    return read(json.loads(text))


def readable(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The part of stored values that this release understands."""
    values = {name: value for name, value in stored.items() if name in FIELDS}
    for group, known in (("features", FEATURES), ("limits", _metrics)):
        if isinstance(values.get(group), dict):
            values[group] = {k: v for k, v in values[group].items() if k in known}
    try:
        Configuration.model_validate(values)
    except ValidationError as error:
        broken = {str(problem["loc"][0]) for problem in error.errors()}
        return {name: value for name, value in values.items() if name not in broken}
    return values


def _sentences(error: ValidationError) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for problem in error.errors():
        place = ".".join(str(part) for part in problem["loc"]) or "configuration"
        found.setdefault(place, []).append(_sentence(problem))
    return found


def _sentence(problem: Any) -> str:
    about = problem.get("ctx", {})
    if problem["type"] == "value_error":
        return str(about["error"])
    if problem["type"] == "literal_error":
        return f"Choose one of: {about['expected']}."
    return WORDS.get(problem["type"], str(problem["msg"])).format(**about)


def _is_hex(digits: str) -> bool:
    return all(digit in "0123456789abcdef" for digit in digits)


def granted(permissions: frozenset[str], *, role: str, tenant: Tenant) -> frozenset[str]:
    """Of a role's permissions (or, for `features.KEY`, of a key's scopes), those that no
    switched-off feature of the workspace withholds.
    """
    for feature in _switched_off(tenant):
        permissions -= feature.withholds.get(role, frozenset())
    return permissions


def withholding(permission: str, *, role: str, tenant: Tenant) -> Feature | None:
    """The switched-off feature that keeps the permission from the role, if any."""
    off = _switched_off(tenant)
    return next((f for f in off if permission in f.withholds.get(role, frozenset())), None)


def _switched_off(tenant: Tenant) -> list[Feature]:
    found = of(tenant)
    return [feature for name, feature in FEATURES.items() if not found.has(name)]
