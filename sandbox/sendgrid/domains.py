"""Domain Authentication: https://www.twilio.com/docs/sendgrid/api-reference/domain-authentication

Whether a domain is valid is what the sandbox's own name server says of its records.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.database import now
from sandbox.names import records
from sandbox.sendgrid import account
from sandbox.sendgrid.endpoint import body_of, endpoint
from sandbox.sendgrid.errors import Refusal
from sandbox.sendgrid.validation import is_address
from sandbox.world import World

USER = 8
FIRST_ID = 4711


@endpoint("whitelabel")
async def create(world: World, request: Request) -> Response:
    body = await body_of(request)
    domain = str(body.get("domain") or "").lower()
    if not is_address(f"a@{domain}"):
        raise Refusal(400, ("invalid domain", "domain"))
    if body.get("automatic_security") is False:
        raise Refusal(400, ("The sandbox has domains of automatic security only.", None))
    number = world.database.next_number("sendgrid_domain", first=FIRST_ID)
    subdomain = str(body.get("subdomain") or f"em{number % 10_000}")
    sql = "SELECT 1 FROM sendgrid_domains WHERE domain = ? AND subdomain = ?"
    if world.database.value(sql, domain, subdomain):
        raise Refusal(400, ("A domain with this subdomain exists already.", "subdomain"))
    world.database.run(
        "INSERT INTO sendgrid_domains (id, domain, subdomain, is_default, created_at) "
        "VALUES (?, ?, ?, ?, ?)",
        number, domain, subdomain, bool(body.get("default")), now(),
    )  # fmt: skip
    return JSONResponse(_shown(world, _find(world, number)), status_code=201)


@endpoint("whitelabel")
async def list_all(world: World, request: Request) -> Response:
    limit, offset = _number(request, "limit", 50), _number(request, "offset", 0)
    wanted = request.query_params.get("domain", "").lower()
    rows = [row for row in every(world) if not wanted or row["domain"] == wanted]
    return JSONResponse([_shown(world, row) for row in rows[offset : offset + limit]])


@endpoint("whitelabel")
async def get(world: World, request: Request) -> Response:
    return JSONResponse(_shown(world, _find(world, request.path_params["domain_id"])))


@endpoint("whitelabel")
async def validate(world: World, request: Request) -> Response:
    row = _find(world, request.path_params["domain_id"])
    results = {name: _result(world, record) for name, record in dns_of(row).items()}
    valid = all(result["valid"] for result in results.values())
    world.database.run("UPDATE sendgrid_domains SET valid = ? WHERE id = ?", valid, row["id"])
    return JSONResponse({"id": row["id"], "valid": valid, "validation_results": results})


@endpoint("whitelabel")
async def delete(world: World, request: Request) -> Response:
    row = _find(world, request.path_params["domain_id"])
    world.database.run("DELETE FROM sendgrid_domains WHERE id = ?", row["id"])
    return Response(status_code=204)


def may_send_from(world: World, address: str) -> bool:
    """From the account's own domain, or one that is valid."""
    domain = address.rpartition("@")[2].lower()
    sql = "SELECT 1 FROM sendgrid_domains WHERE domain = ? AND valid"
    return domain == account.setting(world, "domain") or bool(world.database.value(sql, domain))


def every(world: World) -> list[dict[str, Any]]:
    return world.database.rows("SELECT * FROM sendgrid_domains ORDER BY id")


def dns_of(row: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The records of automatic security: CNAMEs, so that keys can be changed behind them."""
    target = f"u{USER}.wl{row['id']}.sendgrid.net"
    hosts = {
        "mail_cname": (f"{row['subdomain']}.{row['domain']}", target),
        "dkim1": (f"s1._domainkey.{row['domain']}", f"s1.domainkey.{target}"),
        "dkim2": (f"s2._domainkey.{row['domain']}", f"s2.domainkey.{target}"),
    }
    return {
        name: {"type": "cname", "host": host, "data": data} for name, (host, data) in hosts.items()
    }


def _shown(world: World, row: dict[str, Any]) -> dict[str, Any]:
    dns = {
        name: {"valid": _result(world, record)["valid"], **record}
        for name, record in dns_of(row).items()
    }
    return {
        "id": row["id"], "user_id": USER, "subdomain": row["subdomain"], "domain": row["domain"],
        "username": "sandbox", "ips": [], "custom_spf": False, "default": bool(row["is_default"]),
        "legacy": False, "automatic_security": True, "valid": bool(row["valid"]), "dns": dns,
    }  # fmt: skip


def _result(world: World, record: dict[str, str]) -> dict[str, Any]:
    found = records.find(world, record["host"], "CNAME")
    if [text.lower().rstrip(".") for text in found] == [record["data"]]:
        return {"valid": True, "reason": None}
    seen = f'"{found[0]}"' if found else "nothing"
    reason = f'Expected CNAME for "{record["host"]}" to match "{record["data"]}", found {seen}.'
    return {"valid": False, "reason": reason}


def _find(world: World, domain_id: int) -> dict[str, Any]:
    found = world.database.row("SELECT * FROM sendgrid_domains WHERE id = ?", domain_id)
    if found is None:
        raise Refusal(404, ("not found", None))
    return found


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isdigit() else default
