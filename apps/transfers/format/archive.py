"""The file itself: a tar, so that any tool can look into it, written and read from front to end.

    export.json      what the file is, readable before anything else
    media/<sha256>   stored files
    shared/…         rows of the public schema that belong to the workspace, JSON lines
    tables/…         rows of the workspace's schema, as COPY writes them
    secrets.jsonl…   only in encrypted files
    manifest.json    everything about everything before it
    signature.json   who vouches for the manifest

Rows are compressed by Zstandard (RFC 8878), members are plain files without owner or date.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Protocol, Self

import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from apps.transfers.errors import ExportDamaged, ExportNewer, ExportSealed
from apps.transfers.format import keys, sealing

FORMAT = 1
HEAD, MANIFEST, SIGNATURE = "export.json", "manifest.json", "signature.json"
BLOCK = 1024 * 1024
LARGEST_MANIFEST = 256 * 1024 * 1024
COMPRESSION_LEVEL = 3
# What the list of contents holds at least, beside what its makers add.
SHAPE = {
    "workspace": dict, "schema": dict, "tables": list, "shared": list, "people": list,
    "members": list, "exported_at": str,
}  # fmt: skip


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True)
class Member:
    """One file in the file. `size` is bytes."""

    name: str
    size: int
    sha256: str


class Writer:
    """Members in the order of `add`, then `finish`; to be used in a `with`."""

    def __init__(self, target: IO[bytes], head: dict[str, Any]) -> None:
        self._tar = tarfile.open(  # noqa: SIM115 -- closed by `finish`
            fileobj=target, mode="w|", format=tarfile.PAX_FORMAT, bufsize=BLOCK
        )
        self._tar.copybufsize = BLOCK  # type: ignore[attr-defined]
        self.members: list[Member] = []
        self.add_bytes(HEAD, encode({"format": FORMAT, **head}))

    def add(self, name: str, source: Readable, size: int) -> Member:
        """Raises `ExportDamaged` when `source` holds less than `size` bytes."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        hashed = _Hashed(source)
        try:
            self._tar.addfile(entry, hashed)
        except OSError as error:
            raise ExportDamaged(f"{name} is shorter than it should be.") from error
        self.members.append(Member(name, size, hashed.sha256))
        return self.members[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()

    def add_bytes(self, name: str, content: bytes) -> Member:
        return self.add(name, io.BytesIO(content), len(content))

    def finish(self, manifest: dict[str, Any], key: Ed25519PrivateKey) -> bytes:
        """Adds the list of members to `manifest`, signs it, and ends the tar; the bytes signed."""
        listed = [[m.name, m.size, m.sha256] for m in self.members]
        content = encode({**manifest, "members": listed})
        self.add_bytes(MANIFEST, content)
        signature = {"signer": keys.signer_text(key), "signature": keys.sign(key, content)}
        self.add_bytes(SIGNATURE, encode(signature))
        self._tar.close()
        return content


@dataclass(frozen=True)
class Checked:
    """What `check` found: the manifest and whose signature it bears."""

    manifest: dict[str, Any]
    signer: str
    sha256: str


@contextmanager
def reading(source: IO[bytes], private: X25519PrivateKey | None) -> Iterator[Iterator[Any]]:
    """The file's members from its beginning, each (name, size, readable) to be read in its turn.

    Raises `ExportSealed` and `ExportDamaged`, also while members are read.
    """
    source.seek(0)
    sealed = sealing.is_sealed(source.read(len(sealing.MAGIC)))
    source.seek(0)
    if sealed and private is None:
        raise ExportSealed("The file is encrypted: give the key file it was encrypted for.")
    plain: Any = sealing.Opener(source, private) if sealed and private else source
    try:
        with tarfile.open(fileobj=plain, mode="r|", bufsize=BLOCK) as tar:
            yield _members(tar)
    except (tarfile.TarError, EOFError) as error:
        raise ExportDamaged("The file is not a whole tar archive.") from error


def check(source: IO[bytes], private: X25519PrivateKey | None) -> Checked:
    """Read the whole file once: every member's hash, the list of members, the signature.

    Raises `ExportDamaged`, `ExportSealed`, and `ExportNewer` for a later format than ours.
    """
    seen: list[list[Any]] = []
    kept: dict[str, bytes] = {}
    whole = hashlib.sha256()
    with reading(source, private) as members:
        for name, size, body in members:
            hashed = _Hashed(body)
            content = _read_all(hashed, size, keep=name in {HEAD, MANIFEST, SIGNATURE})
            if name in {HEAD, MANIFEST, SIGNATURE}:
                kept[name] = content
            if name == HEAD:
                _check_format(content)
            seen.append([name, size, hashed.sha256])
            whole.update(hashed.sha256.encode())
    return Checked(*_vouched(kept, seen), sha256=whole.hexdigest())


def demand_whole(manifest: dict[str, Any]) -> None:
    """Raises `ExportDamaged` for a checked list of contents that lacks a part, or names rows that
    the file does not hold.
    """
    for name, kind in SHAPE.items():
        if not isinstance(manifest.get(name), kind):
            raise ExportDamaged(f"The list of contents has no {name}.")
    names = {name for name, _, _ in manifest["members"]}
    for each in (*manifest["tables"], *manifest["shared"]):
        if not isinstance(each, dict) or each.get("member") not in names:
            raise ExportDamaged("The list of contents names rows that the file does not hold.")


def encode(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1).encode()


def compress(target: IO[bytes]) -> Any:
    """A writer that compresses into `target`; closing it leaves `target` open."""
    return zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).stream_writer(target, closefd=False)


def decompress(source: Any) -> Iterator[bytes]:
    """Blocks of what `compress` wrote. Raises `ExportDamaged`."""
    reader = zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=False)
    try:
        while block := reader.read(BLOCK):
            yield block
    except zstandard.ZstdError as error:
        raise ExportDamaged("A compressed part of the file does not unpack.") from error


class _Hashed:
    """Hashes what is read through it."""

    def __init__(self, source: Readable) -> None:
        self._source, self._digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._digest.update(data)
        return data

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, int, Readable]]:
    names: set[str] = set()
    for entry in tar:
        # A sparse member claims any size at no cost.
        body = tar.extractfile(entry) if entry.isreg() and not entry.issparse() else None
        if body is None or entry.name in names:
            raise ExportDamaged(f"{entry.name} has no place in an export.")
        names.add(entry.name)
        yield entry.name, entry.size, body


def _read_all(source: Readable, size: int, *, keep: bool) -> bytes:
    if keep and size > LARGEST_MANIFEST:
        raise ExportDamaged("The list of contents is larger than any export's.")
    parts = []
    while block := source.read(BLOCK):
        if keep:
            parts.append(block)
    return b"".join(parts)


def _check_format(content: bytes) -> None:
    found = _parsed(content).get("format")
    if found != FORMAT:
        raise ExportNewer(
            f"The file has format {found}, this installation reads {FORMAT}. "
            "Bring this installation up to date and import again."
        )


def _vouched(kept: dict[str, bytes], seen: list[list[Any]]) -> tuple[dict[str, Any], str]:
    if set(kept) != {HEAD, MANIFEST, SIGNATURE} or [s[0] for s in seen[-2:]] != [
        MANIFEST,
        SIGNATURE,
    ]:
        raise ExportDamaged("The file's list of contents or its signature is missing.")
    manifest, signature = _parsed(kept[MANIFEST]), _parsed(kept[SIGNATURE])
    signer = str(signature.get("signer", ""))
    if not keys.is_signed(signer, str(signature.get("signature", "")), kept[MANIFEST]):
        raise ExportDamaged("The signature is not the one of this list of contents.")
    if (listed := manifest.get("members")) != seen[:-2]:
        wrong = [s[0] for s in seen[:-2] if not isinstance(listed, list) or s not in listed]
        raise ExportDamaged(f"The contents are not those listed: {', '.join(wrong) or 'missing'}.")
    return manifest, signer


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ExportDamaged("A list in the file is not JSON.") from error
    if not isinstance(value, dict):
        raise ExportDamaged("A list in the file is not what it should be.")
    return value
