from __future__ import annotations

from apps.core.errors import Conflict, DomainError, Invalid, VendorError


class SchemasBehind(VendorError):
    """The running code has workspace migrations that the database has not been given yet.

    It passes by itself once `manage.py fleet migrate` has run, so jobs try again.
    """

    code = "schemas_behind"
    status = 503
    title = "The database is not brought up to date yet"

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            detail or "An update of this installation is under way. This is tried again by itself.",
            retry_after=20.0,
        )


class RecordingDiffers(DomainError):
    """Recorded statements did not lead to the structure that Django's own migrations make."""

    code = "recording_differs"
    status = 500
    title = "The recorded statements do not make the same schema"


class SchemaInUse(Conflict):
    code = "schema_in_use"
    title = "This schema belongs to a workspace that has not been closed"


class UnsafeMigration(Conflict):
    """A migration would stop customers or the release that still runs; each is named with the
    safe way to write it.
    """

    code = "unsafe_migration"
    title = "A migration is not safe on a running system"


class RehearsalFailed(Conflict):
    code = "rehearsal_failed"
    title = "The rehearsal of the migrations failed"


class ReleaseExists(Conflict):
    code = "release_exists"
    title = "This release is written down already"


class RingsInvalid(Invalid):
    code = "fleet_rings_invalid"
    title = "These rings cannot be used"


class FleetBusy(Conflict):
    code = "fleet_busy"
    title = "Another run is changing the fleet"


class RolledBack(Conflict):
    """The code asks for a version that was taken back after its checks failed."""

    code = "fleet_rolled_back"
    title = "This version was rolled back"


class NotReversible(Conflict):
    code = "fleet_not_reversible"
    title = "This version cannot be rolled back"


class NothingToRollBack(Conflict):
    code = "fleet_nothing_to_roll_back"
    title = "There is nothing to roll back"


class NoWay(Conflict):
    code = "fleet_no_way"
    title = "No way is recorded between two versions"
