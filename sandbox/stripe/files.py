"""Files that are sent along with something else. https://docs.stripe.com/api/files.

They come as `multipart/form-data`; everything after that sees the file as `name:base64`.
"""

from __future__ import annotations

import base64
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.stripe import identifiers, keys
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError, missing
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store
from sandbox.world import world_of

KIND = "file"
LARGEST = 5_000_000
TYPES = {b"%PDF-": "pdf", b"\x89PNG\r\n": "png", b"\xff\xd8\xff": "jpg"}


async def text_of(request: Request) -> str:
    """A form with a file in the way of one without. https://docs.stripe.com/file-upload."""
    form = await request.form()
    pairs = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            content = base64.b64encode(await value.read()).decode()
            pairs.append((name, f"{value.filename}:{content}"))
        else:
            pairs.append((name, value))
    return urlencode(pairs)


def create(call: Call) -> Document:
    name, _, content = str(call.params["file"]).rpartition(":")
    data = base64.b64decode(content)
    kind = next((kind for start, kind in TYPES.items() if data.startswith(start)), None)
    if not name or len(data) > LARGEST:
        raise StripeError("The file is missing, or larger than 5 MB.", param="file")
    if call.params["purpose"] == "dispute_evidence" and kind is None:
        raise StripeError("Evidence must be a PDF, a JPEG or a PNG.", param="file")
    file_id = identifiers.new("file")
    return call.store.insert(
        {
            "id": file_id,
            "object": KIND,
            "created": call.store.now(),
            "expires_at": None,
            "filename": name,
            "links": {
                "object": "list",
                "data": [],
                "has_more": False,
                "url": f"/v1/file_links?file={file_id}",
            },
            "purpose": call.params["purpose"],
            "size": len(data),
            "title": None,
            "type": kind,
            "url": f"{call.store.address}/v1/files/{file_id}/contents",
            "_content": content,
        }
    )


async def contents(request: Request) -> Response:
    """The file itself, for the account's own key."""
    world = world_of(request)
    try:
        account = keys.authenticate(request, world.database)
        store = Store(world.database, account, world.address, {})
        document = store.get(request.path_params["id"], KIND)
    except StripeError as refusal:
        return Response(status_code=refusal.status)
    return Response(base64.b64decode(document["_content"]), media_type="application/octet-stream")


def require_evidence(store: Store, file_id: str, param: str) -> None:
    """Raises unless it is a file for evidence."""
    file = store.find(file_id)
    if file is None or file["object"] != KIND or file["purpose"] != "dispute_evidence":
        raise missing("file upload", file_id, param)


routes: list[BaseRoute] = [Route("/v1/files/{id}/contents", contents)]
ENDPOINTS = [
    Endpoint("POST", "/v1/files", "FileCreateParams", create, text_of),
    Endpoint("GET", "/v1/files", "FileListParams", listing(KIND)),
    Endpoint("GET", "/v1/files/{id}", "FileRetrieveParams", reading(KIND)),
]
