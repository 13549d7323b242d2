"""All hosts that are served, as TLS proxies read them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Final

from apps.tenants.models import Domain


def nginx_map(hosts: Iterable[Domain]) -> str:
    """For `map $ssl_server_name $workspace { include …; }`
    (https://nginx.org/en/docs/http/ngx_http_map_module.html): host to the workspace's slug.
    """
    return "".join(f"{host.domain} {host.tenant.slug};\n" for host in hosts)


def caddy(hosts: Iterable[Domain]) -> str:
    """Site addresses for a Caddyfile, one a line, where on-demand TLS is not wanted."""
    names = [host.domain for host in hosts]
    return ",\n".join(names) + "\n" if names else ""


def as_json(hosts: Iterable[Domain]) -> str:
    rows = [
        {"domain": host.domain, "workspace": host.tenant.slug, "kind": host.kind} for host in hosts
    ]
    return json.dumps(rows, indent=1) + "\n"


FORMATS: Final[dict[str, Callable[[Iterable[Domain]], str]]] = {
    "nginx-map": nginx_map,
    "caddy": caddy,
    "json": as_json,
}
