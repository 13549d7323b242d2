from __future__ import annotations

from apps.core.errors import Conflict, DomainError, Invalid, NotAllowed


class ExportDamaged(DomainError):
    """The file is cut short, was changed, or holds something its list does not name."""

    code = "export_damaged"
    status = 422
    title = "The export file is damaged"


class ExportSealed(Invalid):
    """The file is encrypted, and the key at hand does not open it."""

    code = "export_sealed"
    title = "The export file is encrypted for another key"


class ExportUntrusted(NotAllowed):
    """The file is whole, but signed by an installation that is not trusted here."""

    code = "export_untrusted"
    title = "The export comes from an installation that is not trusted here"


class ExportNewer(Conflict):
    """The file comes from newer code than the one running here."""

    code = "export_newer"
    title = "The export is newer than this installation"


class HashesDiffer(DomainError):
    """After loading, the database does not hold what the file says. Nothing of it was kept."""

    code = "hashes_differ"
    status = 422
    title = "The rows that arrived are not the rows that left"


class ExportNotReady(Conflict):
    """The file is not there yet, or not any more."""

    code = "export_not_ready"
    title = "There is no file to download"


class ExportUnderWay(Conflict):
    """One export of a workspace at a time."""

    code = "export_under_way"
    title = "An export of this workspace is being made already"


class ImportUnderWay(Conflict):
    """Another import to the same address has not ended."""

    code = "import_under_way"
    title = "An import to this address is going on"


class DownloadRefused(NotAllowed):
    """The link is wrong or older than it may be."""

    code = "download_refused"
    title = "This download link does not work any more"


class BadKey(Invalid):
    """Text that should be a key and is none."""

    code = "bad_transfer_key"
    title = "This is not a key"
