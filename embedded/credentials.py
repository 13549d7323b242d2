"""The generated secrets in `<local>/env`: made once, kept for good, mode 600."""

from __future__ import annotations

import base64
import os
import secrets
import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

HEADER = """\
# Written by `make up`. Secrets of this machine only: do not share, do not commit.
# FIELD_ENCRYPTION_KEYS and BLIND_INDEX_KEY open what the database holds: keep them with it.
"""
LETTERS = [letter for letter in string.ascii_lowercase if letter not in "ilo"]


def random_key() -> str:
    """32 random bytes in base64, as the field encryption wants them."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def random_passphrase() -> str:
    """Twelve letters in three groups: easy to type, 54 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


GENERATED: Mapping[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "FIELD_ENCRYPTION_KEYS": lambda: f"k1:{random_key()}",
    "BLIND_INDEX_KEY": random_key,
    "TOKEN_SIGNING_KEYS": lambda: f"k1:{random_key()}",
    "PUSHER_APP_ID": lambda: str(secrets.randbelow(900_000) + 100_000),
    "PUSHER_KEY": lambda: secrets.token_hex(10),
    "PUSHER_SECRET": lambda: secrets.token_hex(16),
    "POSTGRES_PASSWORD": lambda: secrets.token_urlsafe(24),
    "POSTGRES_APP_PASSWORD": lambda: secrets.token_urlsafe(24),
    "VALKEY_PASSWORD": lambda: secrets.token_urlsafe(24),
    "DEMO_PASSWORD": random_passphrase,
    "OPERATOR_PASSWORD": random_passphrase,
}


def read(path: Path) -> dict[str, str]:
    """The file's names and values; empty when there is none yet."""
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def update(path: Path, changes: Mapping[str, str]) -> dict[str, str]:
    """Merge `changes` into the file, whole or not at all; returns everything it now holds."""
    held = read(path)
    values = {**held, **changes}
    if values != held:
        _write(path, values)
    else:
        path.chmod(0o600)
    return values


def complete(path: Path) -> dict[str, str]:
    """Add every secret that is missing; values that are there stay as they are."""
    held = read(path)
    missing = {name: make() for name, make in GENERATED.items() if not held.get(name)}
    return update(path, missing) if missing or path.exists() else held


def _write(path: Path, values: Mapping[str, str]) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w") as file:
        file.write(HEADER + "".join(f"{name}={value}\n" for name, value in values.items()))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
