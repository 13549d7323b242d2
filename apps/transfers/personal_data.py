"""What is personal in a workspace's rows: one line for each column that could hold it.

A clone replaces what is named in `PERSONAL` by `made_up`. Every text, JSON, and outside number of
every workspace model stands either here or in `IMPERSONAL`; a test demands it.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from apps.transfers import references
from apps.transfers.made_up import MadeUp

Replace = Callable[[MadeUp, str], str]
ACTOR: Replace = MadeUp.actor
TITLE: Replace = MadeUp.title
PROSE: Replace = MadeUp.prose
SLUG: Replace = MadeUp.slug
FILENAME: Replace = MadeUp.filename
VENDOR_ID: Replace = MadeUp.vendor_id
PERSON_ID: Replace = MadeUp.person_id


def EMPTY(_made_up: MadeUp, _original: str) -> str:  # noqa: N802 -- stands in a list of such
    return ""


def CLASS_CODE(made_up: MadeUp, original: str) -> str:  # noqa: N802
    return made_up.class_code(original)


def NONCE(made_up: MadeUp, original: str) -> str:  # noqa: N802
    return made_up.person_id(original)[:24]


def NAMES_IN_JSON(made_up: MadeUp, original: str) -> str:  # noqa: N802
    """Texts under `name`; whatever else the JSON says stays."""
    return json.dumps(_renamed(made_up, json.loads(original)))


def TEXTS_IN_JSON(made_up: MadeUp, original: str) -> str:  # noqa: N802
    return json.dumps(made_up.texts(json.loads(original)))


PERSONAL: dict[str, dict[str, Replace]] = {
    "classes.schoolclass": {"name": TITLE, "code": CLASS_CODE, "created_by_label": ACTOR},
    "classes.pupil": {"picture_hash": EMPTY, "badge_nonce": NONCE},
    "classes.awaitedguardian": {"email": ACTOR},
    "roblox.experience": {
        "name": TITLE,
        "slug": SLUG,
        "universe_id": VENDOR_ID,
        "created_by_label": ACTOR,
    },
    # Without its key, and of a place that does not exist: a clone publishes nothing anywhere.
    "roblox.environment": {
        "place_id": VENDOR_ID,
        "key_hint": EMPTY,
        "key_detail": PROSE,
        "key_owner": EMPTY,
    },
    "roblox.artifact": {"filename": FILENAME, "tree": NAMES_IN_JSON},
    "roblox.release": {"notes": PROSE, "created_by_label": ACTOR},
    "roblox.finding": {"path": PROSE, "excerpt": PROSE},
    "roblox.deployment": {"started_by_label": ACTOR, "error": TEXTS_IN_JSON},
    "roblox.deploymentstep": {"detail": PROSE, "data": TEXTS_IN_JSON},
}
IMPERSONAL: dict[str, tuple[str, ...]] = {
    "classes.pupil": ("wrong_tries", "locks"),
    "media.blob": ("sha256", "size", "storage_name", "scan_state", "scan_detail"),
    "roblox.environment": ("kind", "api_key", "key_state", "key_scopes"),
    "roblox.artifact": ("kind", "format", "class_counts", "asset_references"),
    "roblox.release": ("version", "state"),
    "roblox.finding": ("rule", "severity", "message"),
    "roblox.deployment": ("kind", "state"),
    "roblox.deploymentstep": ("name", "title", "state"),
}


def replacements(label: str) -> dict[str, Replace]:
    """For each personal column of a model what replaces it, people's ids included."""
    ids = dict.fromkeys(references.PEOPLE.get(label, ()), PERSON_ID)
    return {**PERSONAL.get(label, {}), **ids}


def _renamed(made_up: MadeUp, value: object) -> object:
    if isinstance(value, list):
        return [_renamed(made_up, each) for each in value]
    if isinstance(value, dict):
        return {
            key: made_up.prose(each)
            if key == "name" and isinstance(each, str)
            else _renamed(made_up, each)
            for key, each in value.items()
        }
    return value
