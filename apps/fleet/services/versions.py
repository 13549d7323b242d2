"""Which state of the workspace migrations the code has, and which the database knows."""

from __future__ import annotations

from django.db import connections, transaction
from django.utils import timezone

from apps.fleet.errors import SchemasBehind
from apps.fleet.models import Schema, SchemaStep, SchemaVersion
from apps.fleet.services import grants, ledger, recordings
from apps.fleet.services.fingerprints import fingerprint, migrations_of_code
from apps.fleet.services.ownership import owner_alias


def bring_up(*, using: str = "owner") -> SchemaVersion:
    """Make the database fit for this code, as the owner and after public's migrations: roles,
    rights, functions, the version of the code and the ledger. Safe to run again, and quick.

    Returns the version of the code. New workspaces get it once a rollout to it has begun, or
    at once where no workspace is behind it. Raises `RecordingDiffers`.
    """
    using = owner_alias(using)
    grants.install(using=using)
    version = recorded(using=using) or _record(using)
    ledger.adopt(using=using)
    ledger.open_closed(using=using)
    others = Schema.objects.using(using).workspaces().exclude(version=version)
    if version.released_at is None and not others.exists():
        release(version=version, using=using)
    return version


def of_code() -> str:
    """The fingerprint of the code's workspace migrations."""
    return fingerprint(migrations_of_code())


def recorded(*, using: str = "default") -> SchemaVersion | None:
    """The version this code asks for, when the database knows it."""
    return SchemaVersion.objects.using(using).filter(fingerprint=of_code()).first()


def current(*, using: str = "default") -> SchemaVersion | None:
    """The version new workspaces get; `ddl` and `structure` are read when asked for."""
    return SchemaVersion.objects.using(using).released().light().first()


def is_behind(version: SchemaVersion) -> bool:
    """Whether this code knows migrations that the version lacks. Older code is never behind."""
    return not migrations_of_code() <= {(app, name) for app, name in version.migrations}


def required() -> SchemaVersion:
    """`current()`; raises `SchemasBehind` when there is none that this code can work with."""
    version = current()
    if version is None or is_behind(version):
        raise SchemasBehind
    return version


def release(*, version: SchemaVersion, using: str = "owner") -> None:
    """From now on new workspaces get this version, also one that was retired before."""
    version.released_at, version.retired_at = timezone.now(), None
    version.save(using=owner_alias(using), update_fields=["released_at", "retired_at"])


def retire(*, version: SchemaVersion, using: str = "owner") -> None:
    """New workspaces get the version before it again; prepared schemas of it are dropped."""
    version.retired_at = timezone.now()
    version.save(using=owner_alias(using), update_fields=["retired_at"])


def steps(
    *, origin: SchemaVersion, target: SchemaVersion, using: str = "owner"
) -> list[SchemaStep]:
    """The recorded way from one version to another, in order; recorded now when it is new."""
    using = owner_alias(using)
    known = SchemaStep.objects.using(using).filter(origin=origin, target=target)
    if not known.exists() and origin.pk != target.pk:
        fresh = recordings.record_steps(origin=origin, target=target, using=using)
        with transaction.atomic(using=using):
            _lock(using)
            if not known.exists():
                SchemaStep.objects.using(using).bulk_create(fresh)
    return list(known.order_by("position"))


def _record(using: str) -> SchemaVersion:
    version = recordings.record(fingerprint=of_code(), using=using)
    with transaction.atomic(using=using):
        _lock(using)
        known = recorded(using=using)
        if known is None:
            version.save(using=using)
        return known or version


def _lock(using: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('fleet.versions', 815))")
