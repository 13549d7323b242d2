"""What the page's buttons do. Each answers with the page again."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from sandbox import faults
from sandbox.management import create_experience, is_from_elsewhere
from sandbox.roblox import experiences, keys, quirks
from sandbox.world import World, world_of

PRESETS: dict[str, tuple[str, dict[str, Any]]] = {
    "publish-500": (
        "Next publish fails with 500",
        {"match": "POST /universes/v1/*", "kind": "status", "status": 500},
    ),
    "publish-429": (
        "Next publish is limited, retry after 20 s",
        {"match": "POST /universes/v1/*", "kind": "rate_limit", "retry_after": 20},
    ),
    "publish-drop": (
        "Next publish arrives, its answer is lost",
        {"match": "POST /universes/v1/*", "kind": "drop"},
    ),
    "publish-hang": (
        "Next publish hangs for 60 s",
        {"match": "POST /universes/v1/*", "kind": "hang", "seconds": 60},
    ),
    "down": (
        "Roblox is down until switched back",
        {"match": "*", "kind": "status", "status": 503, "times": 0},
    ),
}

# Secrets that the next page shows, once: they are stored nowhere else.
_revealed: dict[str, dict[str, Any]] = {}
Form = Callable[[World, FormData], dict[str, Any] | None]


def reveal(request: Request) -> dict[str, Any] | None:
    return _revealed.pop(request.query_params.get("reveal", ""), None)


async def submit(request: Request) -> Response:
    do = FORMS.get(str(request.path_params["form"]))
    if do is None or is_from_elsewhere(request):
        return PlainTextResponse("There is no such form.", status_code=404)
    world, query = world_of(request), {}
    async with request.form() as form:
        try:
            secret = do(world, form)
        except (ValueError, LookupError) as error:
            secret, query = None, {"problem": str(error.args[0])}
    if secret:
        token = secrets.token_urlsafe(8)
        _revealed[token] = secret
        query = {"reveal": token}
    await world.changes.announce()
    return RedirectResponse("/" + (f"?{urlencode(query)}" if query else ""), status_code=303)


def _text(form: FormData, name: str) -> str:
    return str(form.get(name) or "").strip()


def _number(form: FormData, name: str) -> int:
    text = _text(form, name)
    if not text.isdigit():
        raise ValueError(f"{name.replace('_', ' ')} must be a number, not {text!r}.")
    return int(text)


def _about_key(form: FormData) -> dict[str, Any]:
    about: dict[str, Any] = {"scopes": [str(scope) for scope in form.getlist("scopes")]}
    if expires := _text(form, "expires"):
        about["expires_at"] = f"{expires}T00:00:00Z"
    return about


def _create_experience(world: World, form: FormData) -> dict[str, Any]:
    name = _text(form, "name")
    if not name:
        raise ValueError("An experience needs a name.")
    return {"name": name, **create_experience(world, name, **_about_key(form))}


def _create_key(world: World, form: FormData) -> dict[str, Any]:
    universe_id = _number(form, "universe_id")
    sql = "SELECT owner_id FROM experiences WHERE universe_id = ?"
    owner_id = world.database.value(sql, universe_id)
    if owner_id is None:
        raise LookupError(f"There is no universe {universe_id}.")
    name = _text(form, "name") or "Key"
    key, text = keys.create(
        world, name=name, owner_id=owner_id, universe_ids=[universe_id], **_about_key(form)
    )
    return {"name": name, "universe_id": universe_id, "api_key": text, "owner_id": key.owner_id}


def _change_key(world: World, form: FormData) -> None:
    status = _text(form, "status")
    expire = status == "expired"
    keys.change(world, _number(form, "key_id"), status=None if expire else status, expire=expire)


def _team_create(world: World, form: FormData) -> None:
    experiences.set_team_create(
        world, _number(form, "place_id"), opened=_text(form, "open") == "yes"
    )


def _preset_fault(world: World, form: FormData) -> None:
    preset = PRESETS.get(_text(form, "preset"))
    if preset is None:
        raise LookupError("There is no such fault.")
    faults.add(world, preset[1])


def _own_fault(world: World, form: FormData) -> None:
    faults.add(
        world,
        {
            "match": _text(form, "match"),
            "kind": _text(form, "kind"),
            "times": _number(form, "times"),
            "taken": _text(form, "taken") == "yes",
            **{
                name: _number(form, name)
                for name in ("status", "seconds", "retry_after")
                if _text(form, name)
            },
        },
    )


def _remove_fault(world: World, form: FormData) -> None:
    faults.remove(world, _number(form, "fault_id") if _text(form, "fault_id") else None)


def _quirks(world: World, form: FormData) -> None:
    switches = ("asset_ids_as_strings", "long_moderation_names", "versions_in_envelope")
    wishes = {name: "yes" if _text(form, name) else "no" for name in switches}
    wishes |= {name: _text(form, name) for name in ("moderation", "operation_polls")}
    quirks.change(world, wishes)


def _reset(world: World, _form: FormData) -> None:
    world.reset()


FORMS: dict[str, Form] = {
    "experience": _create_experience,
    "key": _create_key,
    "key-status": _change_key,
    "team-create": _team_create,
    "preset-fault": _preset_fault,
    "fault": _own_fault,
    "remove-fault": _remove_fault,
    "quirks": _quirks,
    "reset": _reset,
}
