"""What the page's buttons do. Each answers with the page again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from sandbox import faults
from sandbox.management import create_experience, is_from_elsewhere
from sandbox.pages import mail, names
from sandbox.pages.frame import number_of, text_of
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
        # Roblox's paths, of which none begins as those of the other vendors do (/v1, /v3).
        {"match": "* /[!v]*", "kind": "status", "status": 503, "times": 0},
    ),
}

PLAIN = re.compile(r"[/a-z0-9_]+")

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
        page = _page_of(form)
        try:
            secret = do(world, form)
        except (ValueError, LookupError) as error:
            secret, query = None, {"problem": str(error.args[0])}
    if secret:
        token = secrets.token_urlsafe(8)
        _revealed[token] = secret
        query = {"reveal": token}
    await world.changes.announce()
    return RedirectResponse(page + (f"?{urlencode(query)}" if query else ""), status_code=303)


def _page_of(form: FormData) -> str:
    """Where the form stands."""
    page = text_of(form, "page")
    return page if page.startswith("/_sandbox/") and PLAIN.fullmatch(page) else "/"


def _about_key(form: FormData) -> dict[str, Any]:
    about: dict[str, Any] = {"scopes": [str(scope) for scope in form.getlist("scopes")]}
    if expires := text_of(form, "expires"):
        about["expires_at"] = f"{expires}T00:00:00Z"
    return about


def _create_experience(world: World, form: FormData) -> dict[str, Any]:
    name = text_of(form, "name")
    if not name:
        raise ValueError("An experience needs a name.")
    return {"name": name, **create_experience(world, name, **_about_key(form))}


def _create_key(world: World, form: FormData) -> dict[str, Any]:
    universe_id = number_of(form, "universe_id")
    sql = "SELECT owner_id FROM experiences WHERE universe_id = ?"
    owner_id = world.database.value(sql, universe_id)
    if owner_id is None:
        raise LookupError(f"There is no universe {universe_id}.")
    name = text_of(form, "name") or "Key"
    key, text = keys.create(
        world, name=name, owner_id=owner_id, universe_ids=[universe_id], **_about_key(form)
    )
    return {"name": name, "universe_id": universe_id, "api_key": text, "owner_id": key.owner_id}


def _change_key(world: World, form: FormData) -> None:
    status = text_of(form, "status")
    expire = status == "expired"
    keys.change(world, number_of(form, "key_id"), status=None if expire else status, expire=expire)


def _team_create(world: World, form: FormData) -> None:
    experiences.set_team_create(
        world, number_of(form, "place_id"), opened=text_of(form, "open") == "yes"
    )


def _preset_fault(world: World, form: FormData) -> None:
    preset = {**PRESETS, **mail.PRESETS}.get(text_of(form, "preset"))
    if preset is None:
        raise LookupError("There is no such fault.")
    faults.add(world, preset[1])


def _own_fault(world: World, form: FormData) -> None:
    faults.add(
        world,
        {
            "match": text_of(form, "match"),
            "kind": text_of(form, "kind"),
            "times": number_of(form, "times"),
            "taken": text_of(form, "taken") == "yes",
            **{
                name: number_of(form, name)
                for name in ("status", "seconds", "retry_after")
                if text_of(form, name)
            },
        },
    )


def _remove_fault(world: World, form: FormData) -> None:
    faults.remove(world, number_of(form, "fault_id") if text_of(form, "fault_id") else None)


def _quirks(world: World, form: FormData) -> None:
    switches = ("asset_ids_as_strings", "long_moderation_names", "versions_in_envelope")
    wishes = {name: "yes" if text_of(form, name) else "no" for name in switches}
    wishes |= {name: text_of(form, name) for name in ("moderation", "operation_polls")}
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
    **mail.FORMS,
    **names.FORMS,
}
