from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError, Invalid
from apps.tenants.models import Tenant
from apps.usage.plans import PLANS
from apps.usage.services import limits, plan_changes, samples
from apps.usage.words import amount


class Command(BaseCommand):
    help = "What workspaces use: `usage show SLUG`, `usage plan SLUG PLAN`, `usage settle`."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("show", help="plan and limits of a workspace").add_argument("slug")
        plan = verbs.add_parser("plan", help="give a workspace another plan")
        plan.add_argument("slug")
        plan.add_argument("plan", help=", ".join(PLANS))
        verbs.add_parser("settle", help="count up, look at all workspaces, warn; safe at any time")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except Invalid as error:
            raise CommandError("; ".join(" ".join(v) for v in error.errors.values())) from error
        except DomainError as error:
            raise CommandError(error.detail) from error

    def _show(self, options: dict[str, Any]) -> None:
        tenant = _find(options["slug"])
        self.stdout.write(f"{tenant.name}: {limits.plan_of(tenant).name}")
        for state in limits.of(tenant):
            unit = state.limit.unit
            most = "no limit" if state.most is None else f"of {amount(state.most, unit)}"
            share = f"  shared by {state.pool}" if state.pool else ""
            percent = "" if state.percent is None else f"{state.percent:>4} %"
            used = amount(state.used, unit)
            self.stdout.write(f"{state.limit.label:<24} {used:>12} {most:<16} {percent}{share}")

    def _plan(self, options: dict[str, Any]) -> None:
        tenant = _find(options["slug"])
        row = plan_changes.change(tenant=tenant, plan=options["plan"], by=None)
        self.stdout.write(f"{tenant.name} has the plan {PLANS[row.plan].name}.")

    def _settle(self, _options: dict[str, Any]) -> None:
        looked_at, warned = samples.look(), samples.settle()
        self.stdout.write(f"{looked_at} workspaces looked at, {warned} new warnings.")


def _find(slug: str) -> Tenant:
    tenant: Tenant | None = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise CommandError(f"There is no workspace {slug}.")
    return tenant
