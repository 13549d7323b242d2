"""What a person sees of the sandbox."""

from __future__ import annotations

from starlette.routing import BaseRoute

routes: list[BaseRoute] = []
