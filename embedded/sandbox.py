"""The sandbox's process: a loopback Roblox (see the `sandbox` package)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from embedded.ports import LOOPBACK
from embedded.probes import answers_http
from embedded.process import Service

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.layout import Layout


def service(layout: Layout, port: int, folder: Path, *, name: str = "sandbox") -> Service:
    """It takes everything from its arguments, and none of our secrets."""
    return Service(
        name=name,
        argv=[
            *(str(layout.python), "-m", "sandbox"),
            *("--port", str(port), "--data-dir", str(folder)),
        ],
        env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONUNBUFFERED": "1"},
        cwd=layout.root,
        log=layout.logs / f"{name}.log",
        pid_file=layout.run / f"{name}.pid",
        is_ready=lambda: answers_http(port, "/healthz"),
    )


def address(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"
