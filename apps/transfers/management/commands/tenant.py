from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.template.defaultfilters import filesizeformat

from apps.jobs.models import JobRun
from apps.jobs.task import run_now
from apps.tenants.management.commands.tenant import Command as TenantCommand
from apps.tenants.models import Tenant
from apps.transfers.format import keys
from apps.transfers.models import Import
from apps.transfers.services import clones, exports, imports, installation


class Command(TenantCommand):
    """Adds what moves customers: `export`, `import`, `clone`, `keys`, `keygen`, `trust`."""

    def add_verbs(self, verbs: Any) -> None:
        super().add_verbs(verbs)
        export = self._add(verbs, "export", "write it to one signed file")
        export.add_argument("file", type=Path)
        export.add_argument("--encrypt-to", default="", metavar="KEY", help="as keygen prints it")
        export.add_argument("--without-media", action="store_true", help="rows alone")
        self._add_import(verbs)
        clone = self._add(verbs, "clone", "make a sandbox of it, with personal data made up")
        clone.add_argument("new_slug")
        clone.add_argument("--seed", default="", help="the same one makes the same stand-ins")
        clone.add_argument("--owner", default="", metavar="EMAIL", help="left out: its owners")
        clone.add_argument("--without-media", action="store_true", help="rows alone")
        verbs.add_parser("keys", help="what another installation trusts to take our exports")
        keygen = verbs.add_parser("keygen", help="a pair of keys for encrypted exports")
        keygen.add_argument("file", type=Path, help="where the private one is written")
        trust = verbs.add_parser("trust", help="take exports of another installation")
        trust.add_argument("key", help="as `tenant keys` prints it there")
        trust.add_argument("--name", default="", help="how you call that installation")

    def _add_import(self, verbs: Any) -> None:
        verb = verbs.add_parser("import", help="make a workspace out of an export")
        verb.add_argument("file", type=Path)
        verb.add_argument("--slug", default="", help="another address than it had")
        verb.add_argument("--owner", default="", metavar="EMAIL", help="an owner beside its own")
        verb.add_argument("--key", type=Path, metavar="FILE", help="the private key, if encrypted")
        verb.add_argument("--trust", default="", metavar="KEY", help="believe this signer once")
        verb.add_argument("--dry-run", action="store_true", help="verify everything, keep nothing")

    def _export(self, options: dict[str, Any]) -> None:
        tenant = self.find(options["slug"])
        contents = exports.write_now(
            tenant=tenant, path=options["file"], by=None, report=self._report,
            with_media=not options["without_media"], encrypt_to=options["encrypt_to"],
        )  # fmt: skip
        size = filesizeformat(options["file"].stat().st_size)
        self.stdout.write(
            f"{tenant}: {contents.rows} rows, {len(contents.stored)} stored files, {size} in "
            f"{options['file']}"
        )
        if contents.manifest["keys"] and contents.manifest["secrets"] is None:
            self.stdout.write("Roblox keys are left out; --encrypt-to takes them along.")

    def _import(self, options: dict[str, Any]) -> None:
        wishes = {
            "source": options["file"], "slug": options["slug"], "trust": options["trust"],
            "opener": _read_key(options["key"]),
        }  # fmt: skip
        if options["dry_run"]:
            self._show_found(imports.inspect(**wishes))
            return
        self._finish(*imports.plan_now(**wishes, owner=options["owner"]))

    def _clone(self, options: dict[str, Any]) -> None:
        record, run = clones.plan_now(
            tenant=self.find(options["slug"]), slug=options["new_slug"], owner=options["owner"],
            seed=options["seed"], with_media=not options["without_media"],
        )  # fmt: skip
        self._finish(record, run)
        self.stdout.write(f"The seed was {record.options['seed']}.")

    def _keys(self, _options: dict[str, Any]) -> None:
        self.stdout.write(installation.public_key())

    def _keygen(self, options: dict[str, Any]) -> None:
        path: Path = options["file"]
        if path.exists():
            raise CommandError(f"{path} exists; choose another name, so that no key is lost.")
        public, private = keys.make_opener()
        path.touch(mode=0o600)
        path.write_text(private + "\n")
        self.stdout.write(public)

    def _trust(self, options: dict[str, Any]) -> None:
        key = installation.trust(public=options["key"], name=options["name"], by=None)
        self.stdout.write(f"Exports signed by {key.public} are taken in from now on.")

    def _finish(self, record: Import, run: JobRun) -> None:
        """Carry the job out here; it shows its progress on its own row, as everywhere."""
        run_now(run)
        record.refresh_from_db()
        if record.state != Import.State.DONE:
            raise CommandError(record.problem or f"It is {record.get_state_display().lower()}.")
        tenant = Tenant.objects.get(schema_name=record.schema_name)
        self.stdout.write(
            f"{tenant} is at {tenant.url}: {record.rows} rows, {record.files} stored files, all "
            "hashes equal."
        )
        for sentence in record.to_do:
            self.stdout.write(f"To do: {sentence}")

    def _show_found(self, found: imports.Found) -> None:
        about = found.manifest["workspace"]
        self.stdout.write(f"{about['name']} ({about['slug']}), {found.manifest['exported_at']}")
        for table in [*found.manifest["tables"], *found.manifest["shared"]]:
            self.stdout.write(f"  {table['model']:<30} {table['rows']:>8}  {table['hash'][:16]}")
        self.stdout.write(f"Signed by {found.signer}{'' if found.is_trusted else ': not trusted'}")
        if found.lacking:
            self.stdout.write(f"Older: {found.lacking} migrations are applied on the way.")
        if found.problem:
            self.stdout.write(f"Choose another address with --slug: {found.problem}")
        self.stdout.write("The file is whole. Nothing was changed.")


def _read_key(path: Path | None) -> str:
    if path is None:
        return ""
    if str(path) == "-":
        return sys.stdin.read()
    try:
        return path.read_text()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
