from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError, Invalid
from apps.gateway import key_format
from apps.gateway.models import ApiKey
from apps.gateway.services import api_keys
from apps.tenants.models import Tenant


class Command(BaseCommand):
    help = "API keys: `list`, `create`, `rotate`, `revoke`, `find` (of a leaked secret)."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="keys of a workspace").add_argument("slug")
        create = verbs.add_parser("create", help="make one; prints its secret")
        create.add_argument("slug")
        create.add_argument("name")
        create.add_argument("--scope", action="append", required=True, dest="scopes")
        create.add_argument("--network", action="append", default=[], dest="networks")
        create.add_argument("--days", type=int, help="until it ends; never when left out")
        create.add_argument("--test", action="store_true", help="never reaches production")
        rotate = verbs.add_parser("rotate", help="exchange the secret; prints the new one")
        rotate.add_argument("key", help="the key's id, or what it starts with")
        rotate.add_argument("--hours", type=float, default=24.0, help="the old one works on")
        revoke = verbs.add_parser("revoke", help="end it at once")
        revoke.add_argument("key", help="the key's id, or what it starts with")
        verbs.add_parser("find", help="whose secret is it? read from standard input")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except Invalid as error:
            raise CommandError("; ".join(" ".join(v) for v in error.errors.values())) from error
        except DomainError as error:
            raise CommandError(error.detail) from error

    def _list(self, options: dict[str, Any]) -> None:
        for key in api_keys.of(_tenant(options["slug"])):
            self.stdout.write(_line(key))

    def _create(self, options: dict[str, Any]) -> None:
        days = options["days"]
        _, secret = api_keys.create(
            tenant=_tenant(options["slug"]),
            name=options["name"],
            scopes=options["scopes"],
            environment=ApiKey.Environment.TEST if options["test"] else ApiKey.Environment.LIVE,
            allowed_networks=options["networks"],
            expires_at=timezone.now() + timedelta(days=days) if days else None,
            by=None,
        )
        self.stdout.write(secret)

    def _rotate(self, options: dict[str, Any]) -> None:
        overlap = timedelta(hours=options["hours"])
        self.stdout.write(api_keys.rotate(key=_key(options["key"]), overlap=overlap, by=None))

    def _revoke(self, options: dict[str, Any]) -> None:
        key = _key(options["key"])
        api_keys.revoke(key=key, by=None)
        self.stdout.write(f"{key} of {key.tenant} opens nothing any more.")

    def _find(self, _options: dict[str, Any]) -> None:
        """Not as an argument: shells and process lists remember those."""
        digest = key_format.digest(sys.stdin.readline().strip())
        key = ApiKey.objects.of_secret(digest).select_related("tenant").first()
        if key is None:
            raise CommandError("No key has this secret.")
        self.stdout.write(f"{key.tenant.slug}  {_line(key)}")


def _line(key: ApiKey) -> str:
    used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
    scopes = " ".join(key.scopes)
    return (
        f"{key.pk}  {key.prefix}…  {key.environment}  {key.state:<8} used {used}  "
        f"{key.name}  {scopes}"
    )


def _tenant(slug: str) -> Tenant:
    found: Tenant | None = Tenant.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no workspace {slug}.")
    return found


def _key(text: str) -> ApiKey:
    """By id, or by what it starts with as long as one key alone does."""
    rows = ApiKey.objects.select_related("tenant")
    by_prefix = text.startswith(key_format.MARK)
    found = list(rows.filter(prefix=text.rstrip("…")) if by_prefix else rows.filter(pk=_id(text)))
    if len(found) != 1:
        raise CommandError("Several keys start so: name its id." if found else "No such key.")
    return found[0]


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise CommandError("Name a key's id or what it starts with (tbx_live_…).") from error
