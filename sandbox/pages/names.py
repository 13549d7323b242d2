"""The page of the records that the name server knows."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sandbox.names import records
from sandbox.pages.frame import HEADERS, TEMPLATES, number_of, text_of
from sandbox.world import World, world_of

HERE = "/_sandbox/names"
FIELDS = ("name", "kind", "value")


async def overview(request: Request) -> Response:
    """The form is filled with what the query says, where the product leads here."""
    world, query = world_of(request), request.query_params
    context = {
        "here": HERE, "problem": query.get("problem", ""), "revision": world.changes.revision,
        "records": records.every(world), "kinds": records.KINDS,
        "names": request.app.state.names, "wish": {name: query.get(name, "") for name in FIELDS},
    }  # fmt: skip
    return HTMLResponse(TEMPLATES.get_template("names.html").render(context), headers=HEADERS)


def _publish(world: World, form: FormData) -> None:
    records.publish(world, *(text_of(form, name) for name in FIELDS))


def _withdraw(world: World, form: FormData) -> None:
    records.withdraw(world, number_of(form, "record_id") if text_of(form, "record_id") else None)


FORMS = {"publish": _publish, "withdraw": _withdraw}
