from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count

from apps.accounts.models import User
from apps.accounts.services import emails
from apps.core.errors import DomainError, Invalid
from apps.tenants import proxy_maps
from apps.tenants.models import Domain, Tenant
from apps.tenants.services import addresses, domains, lifecycle, purges, schools, tenants


class Command(BaseCommand):
    """Each verb is a method `_<verb>(options)`; a subclass adds its own in `add_verbs`."""

    help = "Workspaces: `tenant VERB --help` says what each verb takes."

    def add_arguments(self, parser: CommandParser) -> None:
        self.add_verbs(parser.add_subparsers(dest="verb", required=True, metavar="VERB"))

    def add_verbs(self, verbs: Any) -> None:
        """`verbs.add_parser(name, help=…)` makes a verb."""
        create = verbs.add_parser("create", help="found a workspace and set it up now")
        create.add_argument("slug", help="its address: <slug>.<public host>")
        create.add_argument("--owner", required=True, metavar="EMAIL")
        create.add_argument("--name", help="as pages show it; the slug when left out")
        create.add_argument("--kind", choices=Tenant.Kind.values, default=Tenant.Kind.SCHOOL)
        create.add_argument("--district", metavar="SLUG", help="found it as a school of this one")
        listing = verbs.add_parser("list", help="all workspaces")
        listing.add_argument("--state", choices=Tenant.State.values)
        listing.add_argument("--json", action="store_true", help="one object a line")
        show = self._add(verbs, "show", "one workspace")
        show.add_argument("--json", action="store_true", help="one object")
        suspend = self._add(verbs, "suspend", "make it read-only")
        suspend.add_argument("--reason", required=True, help="its people read this")
        self._add(verbs, "resume", "end a suspension")
        delete = self._add(verbs, "delete", "close it, and remove it after the grace time")
        delete.add_argument("--reason", default="", help="kept in the record of what was deleted")
        delete.add_argument("--grace-days", type=int, help="days until it is removed")
        delete.add_argument("--now", action="store_true", help="remove it at once, for good")
        delete.add_argument("--confirm", metavar="SLUG", help="its address; asked for if left out")
        self._add(verbs, "keep", "undo a deletion in its grace time")
        rename = self._add(verbs, "rename", "give it another address; the old one redirects")
        rename.add_argument("new_slug")
        self._add_domain_verbs(verbs)

    def handle(self, *_: Any, **options: Any) -> None:
        with _refusals():
            getattr(self, f"_{options['verb']}")(options)

    def find(self, slug: str) -> Tenant:
        """Raises `CommandError`."""
        tenant: Tenant | None = Tenant.objects.filter(slug=slug).first()
        if tenant is None:
            raise CommandError(f"There is no workspace {slug}.")
        return tenant

    @staticmethod
    def _add(verbs: Any, name: str, text: str) -> Any:
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("slug")
        return verb

    def _add_domain_verbs(self, verbs: Any) -> None:
        domain = verbs.add_parser("domain", help="domains of a workspace's own")
        deeds = domain.add_subparsers(dest="deed", required=True, metavar="DEED")
        for name, text in (
            ("add", "wish for a domain; prints the record to publish"),
            ("verify", "look for its record, and serve it"),
            ("main", "have links lead to it"),
            ("remove", "stop serving it"),
        ):
            deed = deeds.add_parser(name, help=text)
            deed.add_argument("slug")
            deed.add_argument("domain")
        deeds.add_parser("list", help="all hosts of a workspace").add_argument("slug")
        everybody = verbs.add_parser("domains", help="all hosts served, for a TLS proxy")
        everybody.add_argument("--format", choices=sorted(proxy_maps.FORMATS), default="json")

    def _create(self, options: dict[str, Any]) -> None:
        owner = User.objects.filter(email__iexact=options["owner"]).first()
        if owner is None:
            raise CommandError(f"{options['owner']} has no account; they sign up first.")
        name = options["name"] or options["slug"].replace("-", " ").capitalize()
        about = {"name": name, "slug": options["slug"]}
        if options["district"]:
            district = self.find(options["district"])
            tenant = schools.found(district=district, by=None, owner=owner, **about)
            tenants.finish(tenant=tenant, report=self._report)  # its job will find it done
        else:
            tenant = tenants.create_now(
                kind=options["kind"], by=owner, report=self._report, **about
            )
        emails.mark_verified(user=owner)
        self.stdout.write(f"{tenant.name} is ready at {tenant.url}")

    def _report(self, percent: int, text: str) -> None:
        self.stdout.write(f"{percent:>3} %  {text}")

    def _list(self, options: dict[str, Any]) -> None:
        found = Tenant.objects.annotate(members=Count("memberships"))
        if options["state"]:
            found = found.filter(state=options["state"])
        for tenant in found:
            if options["json"]:
                self.stdout.write(json.dumps({**_facts(tenant), "members": tenant.members}))
            else:
                self.stdout.write(
                    f"{tenant.slug:<24} {tenant.state:<13} {tenant.members:>4} members  "
                    f"{tenant.name}"
                )

    def _show(self, options: dict[str, Any]) -> None:
        tenant = self.find(options["slug"])
        owners = list(tenant.memberships.owners().values_list("user__email", flat=True))
        hosts = [f"{host} ({host.state})" for host in tenant.domains.all()]
        facts = {**_facts(tenant), "hosts": hosts, "owners": owners}
        if options["json"]:
            self.stdout.write(json.dumps(facts))
            return
        for name, value in facts.items():
            if value:
                text = ", ".join(value) if isinstance(value, list) else value
                self.stdout.write(f"{name.replace('_', ' ').capitalize():<18} {text}")

    def _suspend(self, options: dict[str, Any]) -> None:
        tenant = self.find(options["slug"])
        tenant = lifecycle.suspend(tenant=tenant, reason=options["reason"], by=None)
        self.stdout.write(f"{tenant} is suspended: {tenant.suspension_reason}")

    def _resume(self, options: dict[str, Any]) -> None:
        tenant = lifecycle.resume(tenant=self.find(options["slug"]), by=None)
        self.stdout.write(f"{tenant} is open again.")

    def _delete(self, options: dict[str, Any]) -> None:
        tenant = self.find(options["slug"])
        typed = options["confirm"] or input(f"Type {tenant.slug} to delete {tenant}: ")
        days = 0 if options["now"] else options["grace_days"]
        if tenant.state != Tenant.State.PURGING:
            tenant = lifecycle.delete(
                tenant=tenant, confirmation=typed, by=None, reason=options["reason"],
                grace_days=days,
            )  # fmt: skip
        if options["now"]:
            purges.carry_out(tenant_id=tenant.pk)
            self.stdout.write(f"{tenant} has been removed.")
        else:
            self.stdout.write(
                f"{tenant} is closed and will be removed at {tenant.purge_at:%Y-%m-%d %H:%M} UTC; "
                f"until then: manage.py tenant keep {tenant.slug}"
            )

    def _keep(self, options: dict[str, Any]) -> None:
        tenant = lifecycle.keep(tenant=self.find(options["slug"]), by=None)
        self.stdout.write(f"{tenant} stays and is {tenant.get_state_display().lower()}.")

    def _rename(self, options: dict[str, Any]) -> None:
        tenant = self.find(options["slug"])
        former = tenant.own_host
        tenant = addresses.rename(tenant=tenant, slug=options["new_slug"], by=None)
        self.stdout.write(f"{tenant} is at {tenant.own_url} now; {former} redirects there.")

    def _domain(self, options: dict[str, Any]) -> None:
        getattr(self, f"_domain_{options['deed']}")(self.find(options["slug"]), options)

    def _domain_add(self, tenant: Tenant, options: dict[str, Any]) -> None:
        made = domains.add(tenant=tenant, domain=options["domain"], by=None)
        self.stdout.write(f'{made.record_name}. IN TXT "{made.record_value}"')
        self.stdout.write(f"{made}. IN CNAME {tenant.own_host}.")

    def _domain_verify(self, tenant: Tenant, options: dict[str, Any]) -> None:
        domain = domains.verify(domain=_domain(tenant, options["domain"]), by=None)
        self.stdout.write(f"{domain} leads to {tenant} now.")

    def _domain_main(self, tenant: Tenant, options: dict[str, Any]) -> None:
        own = options["domain"] == tenant.own_host
        chosen = None if own else _domain(tenant, options["domain"])
        tenant = domains.make_main(tenant=tenant, domain=chosen, by=None)
        self.stdout.write(f"Links lead to {tenant.url} from now on.")

    def _domain_remove(self, tenant: Tenant, options: dict[str, Any]) -> None:
        domains.remove(domain=_domain(tenant, options["domain"]), by=None)
        self.stdout.write(f"{options['domain']} does not lead to {tenant} any more.")

    def _domain_list(self, tenant: Tenant, _options: dict[str, Any]) -> None:
        for domain in tenant.domains.all():
            self.stdout.write(f"{domain!s:<40} {domain.state:<9} {domain.problem}".rstrip())

    def _domains(self, options: dict[str, Any]) -> None:
        self.stdout.write(proxy_maps.FORMATS[options["format"]](domains.served()), ending="")


def _facts(tenant: Tenant) -> dict[str, Any]:
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "address": tenant.url,
        "state": tenant.state,
        "kind": tenant.kind,
        "schema": tenant.schema_name,
        "created": f"{tenant.created_at:%Y-%m-%dT%H:%MZ}",
        "suspended": _deed(tenant.suspended_at, tenant.suspended_by, tenant.suspension_reason),
        "read_only": _deed(tenant.read_only_since, "payments", tenant.read_only_reason),
        "deletion_asked": _deed(
            tenant.deletion_asked_at, tenant.deletion_asked_by, tenant.deletion_reason
        ),
        "to_be_removed": f"{tenant.purge_at:%Y-%m-%dT%H:%MZ}" if tenant.purge_at else None,
    }


def _deed(at: Any, by: str, reason: str) -> str | None:
    return f"{at:%Y-%m-%dT%H:%MZ} by {by}{f': {reason}' if reason else ''}" if at else None


def _domain(tenant: Tenant, name: str) -> Domain:
    domain: Domain | None = tenant.domains.custom().filter(domain=name.strip().lower()).first()
    if domain is None:
        raise CommandError(f"{tenant} has no domain {name}.")
    return domain


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        details = "; ".join(f"{k}: {' '.join(v)}" for k, v in error.errors.items())
        raise CommandError(details or error.detail) from error
    except DomainError as error:
        raise CommandError(error.detail) from error
