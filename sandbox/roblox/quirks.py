"""States that are rare and real, switched on to see what a client makes of them."""

from __future__ import annotations

from typing import Any

from sandbox.world import World

# `assetId` and moderation states appear in two spellings in Roblox's own replies; an
# operation may stay open for long; moderation may refuse; a list may come in an envelope.
DEFAULTS: dict[str, str] = {
    "asset_ids_as_strings": "no",
    "long_moderation_names": "no",
    "versions_in_envelope": "no",
    "moderation": "Approved",
    "operation_polls": "2",
}
MODERATION = ("Approved", "Reviewing", "Rejected")


def every(world: World) -> dict[str, str]:
    found = {row["name"]: row["value"] for row in world.database.rows("SELECT * FROM quirks")}
    return {**DEFAULTS, **found}


def is_on(world: World, name: str) -> bool:
    return every(world)[name] == "yes"


def change(world: World, wishes: dict[str, Any]) -> dict[str, str]:
    """Set some. Raises `ValueError` for an unknown name or a value it cannot take."""
    for name, value in wishes.items():
        if name not in DEFAULTS:
            raise ValueError(f"There is no quirk {name!r}; there are {', '.join(DEFAULTS)}.")
        world.database.run("INSERT OR REPLACE INTO quirks VALUES (?, ?)", name, _value(name, value))
    return every(world)


def _value(name: str, value: Any) -> str:
    text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    fits = {
        "moderation": text in MODERATION,
        "operation_polls": text.isdigit(),
    }.get(name, text in ("yes", "no"))
    if not fits:
        raise ValueError(f"{name} cannot be {text!r}.")
    return text
