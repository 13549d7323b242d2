"""What a person sees of the sandbox: pages, whole without JavaScript, live with it."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.pages import forms, mail, names, views

STATIC = Path(__file__).parent / "static"

routes: list[BaseRoute] = [
    Route("/", views.overview),
    Route("/_sandbox/events", views.events),
    Route("/_sandbox/forms/{form}", forms.submit, methods=["POST"]),
    Route("/_sandbox/mail", mail.overview),
    Route("/_sandbox/mail/{mail_id:int}", mail.detail),
    Route("/_sandbox/mail/{mail_id:int}/html", mail.html),
    Route("/_sandbox/names", names.overview),
    Mount("/_sandbox/static", StaticFiles(directory=STATIC)),
]
