from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count

from apps.accounts.models import User
from apps.accounts.services import emails
from apps.core.errors import DomainError, Invalid
from apps.tenants.models import Tenant
from apps.tenants.services import tenants


class Command(BaseCommand):
    help = "Workspaces: `tenant create SLUG --owner EMAIL`, `tenant list`, `tenant show SLUG`."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="found a workspace and set it up now")
        create.add_argument("slug", help="its address: <slug>.<public host>")
        create.add_argument("--owner", required=True, metavar="EMAIL")
        create.add_argument("--name", help="as pages show it; the slug when left out")
        create.add_argument("--kind", choices=Tenant.Kind.values, default=Tenant.Kind.SCHOOL)
        verbs.add_parser("list", help="all workspaces")
        verbs.add_parser("show", help="one workspace").add_argument("slug")

    def handle(self, *_: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb']}")(options)

    def _create(self, options: dict[str, Any]) -> None:
        owner = User.objects.filter(email__iexact=options["owner"]).first()
        if owner is None:
            raise CommandError(f"{options['owner']} has no account; they sign up first.")
        name = options["name"] or options["slug"].replace("-", " ").capitalize()
        try:
            tenant = tenants.create_now(
                name=name, slug=options["slug"], kind=options["kind"], by=owner, report=self._report
            )
        except Invalid as error:
            details = "; ".join(f"{k}: {' '.join(v)}" for k, v in error.errors.items())
            raise CommandError(details or error.detail) from error
        except DomainError as error:
            raise CommandError(error.detail) from error
        emails.mark_verified(user=owner)
        self.stdout.write(f"{tenant.name} is ready at {tenant.url}")

    def _report(self, percent: int, text: str) -> None:
        self.stdout.write(f"{percent:>3} %  {text}")

    def _list(self, _options: dict[str, Any]) -> None:
        for tenant in Tenant.objects.annotate(members=Count("memberships")):
            self.stdout.write(
                f"{tenant.slug:<24} {tenant.state:<13} {tenant.members:>4} members  {tenant.name}"
            )

    def _show(self, options: dict[str, Any]) -> None:
        tenant = Tenant.objects.filter(slug=options["slug"]).first()
        if tenant is None:
            raise CommandError(f"There is no workspace {options['slug']}.")
        rows = {
            "Name": tenant.name,
            "Address": tenant.url,
            "Hosts": ", ".join(tenant.domains.values_list("domain", flat=True)),
            "State": tenant.get_state_display(),
            "Kind": tenant.get_kind_display(),
            "Schema": tenant.schema_name,
            "Owners": ", ".join(tenant.memberships.owners().values_list("user__email", flat=True)),
            "Since": f"{tenant.created_at:%Y-%m-%d %H:%M} UTC",
        }
        for name, value in rows.items():
            self.stdout.write(f"{name:<8} {value}")
