"""Why a file is not accepted. Every refusal says where in the file the trouble is."""

from __future__ import annotations

from apps.core.errors import DomainError


class FileRefused(DomainError):
    """A Roblox file that cannot be read safely.

    `where` is the place in the file: a byte offset, a chunk, a line and column or an
    instance path. It is part of `detail` too, and a member of the problem document.
    """

    code = "file_refused"
    status = 422
    title = "This file cannot be used"

    def __init__(self, detail: str = "", *, where: str = "") -> None:
        text = f"{detail or self.title} ({where})" if where else detail
        super().__init__(text, **({"where": where} if where else {}))
        self.where = where


class Truncated(FileRefused):
    code = "truncated"
    title = "The file ends too early"


class TooLarge(FileRefused):
    code = "too_large"
    status = 413
    title = "The file is larger than this service reads"


class DecompressionBomb(FileRefused):
    code = "decompression_bomb"
    title = "The file unpacks to far more than it may"


class Cyclic(FileRefused):
    code = "cyclic"
    title = "An instance is its own ancestor"


class Mislabelled(FileRefused):
    code = "mislabelled"
    title = "The file's name does not fit what is in it"


class NotRoblox(FileRefused):
    code = "not_roblox"
    title = "This is not a Roblox place or model"


class Malformed(FileRefused):
    code = "malformed"
    title = "The file is damaged"


class TooDeep(FileRefused):
    code = "too_deep"
    title = "Instances are nested too deeply"


class Unwritable(DomainError):
    """A value the asked format cannot hold."""

    code = "unwritable"
    status = 422
    title = "The document cannot be written in this format"
