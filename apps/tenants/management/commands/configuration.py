from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError, Invalid
from apps.tenants import configuration as reading
from apps.tenants.configuration_words import told
from apps.tenants.models import Tenant
from apps.tenants.services import configuration

SWITCH = {"on": True, "off": False}


class Command(BaseCommand):
    help = "A workspace's configuration: `configuration show | set | history | restore SLUG`."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("show", help="all settings, as JSON").add_argument("slug")
        change = verbs.add_parser(
            "set", help="time_zone=Europe/London features.api=off limits.members=50 terms='[…]'"
        )
        change.add_argument("slug")
        change.add_argument(
            "assignments", nargs="+", metavar="SETTING=VALUE",
            help="text, on, off, or JSON; nothing after the = for a feature's or limit's default",
        )  # fmt: skip
        change.add_argument("--reason", default="", help="needed for what belongs to operators")
        verbs.add_parser("history", help="every version, newest first").add_argument("slug")
        restore = verbs.add_parser("restore", help="go back to a version")
        restore.add_argument("slug")
        restore.add_argument("number", type=int)

    def handle(self, *_: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["slug"]).first()
        if tenant is None:
            raise CommandError(f"There is no workspace {options['slug']}.")
        try:
            getattr(self, f"_{options['verb']}")(tenant, options)
        except Invalid as error:
            told_of = (f"{name}: {' '.join(words)}" for name, words in error.errors.items())
            raise CommandError("\n".join(told_of) or error.detail) from error
        except DomainError as error:
            raise CommandError(error.detail) from error

    def _show(self, tenant: Tenant, _options: dict[str, Any]) -> None:
        found = reading.of(tenant)
        values = found.model_dump(mode="json") | {"features": found.switches()}
        shown = {"version": tenant.configuration_version, **values}
        self.stdout.write(json.dumps(shown, indent=2, ensure_ascii=False))

    def _set(self, tenant: Tenant, options: dict[str, Any]) -> None:
        before = tenant.configuration_version
        changed = configuration.change(
            tenant=tenant, by=None, reason=options["reason"], **_wanted(options["assignments"])
        )
        self._tell(changed, before)

    def _history(self, tenant: Tenant, _options: dict[str, Any]) -> None:
        for row in configuration.history(tenant=tenant):
            back = "" if row.restored_from is None else f", back to {row.restored_from}"
            why = f": {row.reason}" if row.reason else ""
            self.stdout.write(
                f"{row.number:>4}  {row.created_at:%Y-%m-%d %H:%M} UTC  {row.by_label}{back}{why}"
            )
            for one in told(row.changes):
                self.stdout.write(f"      {one['label']}: {one['before']} -> {one['after']}")

    def _restore(self, tenant: Tenant, options: dict[str, Any]) -> None:
        before = tenant.configuration_version
        self._tell(configuration.restore(tenant=tenant, number=options["number"], by=None), before)

    def _tell(self, tenant: Tenant, before: int) -> None:
        after = tenant.configuration_version
        same = "Nothing is different from before"
        self.stdout.write(f"Version {after} is in force" if after != before else same)


def _wanted(assignments: list[str]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for setting in assignments:
        name, equals, text = setting.partition("=")
        group, _, part = name.partition(".")
        if not equals or group not in reading.FIELDS:
            raise CommandError(f"{setting}: write SETTING=VALUE, with one of {_names()}.")
        if part:
            wanted.setdefault(group, {})[part] = _value(text) if text else None
        else:
            wanted[name] = _value(text)
    return wanted


def _value(text: str) -> Any:
    if text in SWITCH:
        return SWITCH[text]
    try:
        return json.loads(text)
    except ValueError:
        return text


def _names() -> str:
    return ", ".join(reading.FIELDS)
