"""Questions to a server whether it is ready."""

from __future__ import annotations

import http.client

from embedded.ports import LOOPBACK


def answers_http(port: int, path: str, host: str = LOOPBACK, name: str = "localhost") -> bool:
    """Whether GET `path`, asked for `name`, is answered 200."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": name})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
