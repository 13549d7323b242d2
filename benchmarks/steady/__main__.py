"""One of the three in a process of its own: does as many requests as it reads on standard input,
and answers with their times in microseconds, as JSON.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from io import BytesIO
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from benchmarks.mixed.rows import ROWS, of

SCHEMA = "w_load_01"
HOST = "load-01.localhost"


def main() -> None:
    django.setup(set_prefix=False)
    logging.disable(logging.CRITICAL)
    # Installed packages insist on their own at the start.
    settings.MIDDLEWARE = settings.AROUND  # type: ignore[misc]
    application = WSGIHandler()
    for line in sys.stdin:
        print(json.dumps([ask(application) for _ in range(int(line))]), flush=True)


def ask(application: WSGIHandler) -> float:
    """Microseconds of one request, whose answer must be the workspace's own rows."""
    begun = time.perf_counter()
    answer = application(_environ(), lambda *_: None)  # type: ignore[arg-type]
    content = b"".join(answer)
    answer.close()
    took = 1e6 * (time.perf_counter() - begun)
    if [of(row["name"]) for row in json.loads(content)] != [SCHEMA] * ROWS:
        raise SystemExit(f"not the workspace's rows: {content[:200]!r}")
    return took


def _environ() -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/rows/",
        "SERVER_NAME": HOST,
        "SERVER_PORT": "80",
        "HTTP_HOST": HOST,
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
    }


if __name__ == "__main__":
    main()
