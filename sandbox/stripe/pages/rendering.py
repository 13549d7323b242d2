"""Templates, headers, and the way from an address to what it shows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import jinja2
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.stripe import invoice_lines, periods, tax_rates
from sandbox.stripe.answers import Document
from sandbox.stripe.store import Store
from sandbox.world import world_of

# Forms lead to the shop's own address in the end, which is another origin.
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action http: https:; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
COUNTRIES = {
    "AT": "Austria", "BE": "Belgium", "CH": "Switzerland", "DE": "Germany", "DK": "Denmark",
    "ES": "Spain", "FI": "Finland", "FR": "France", "GB": "United Kingdom", "IE": "Ireland",
    "IT": "Italy", "NL": "Netherlands", "NO": "Norway", "PL": "Poland", "PT": "Portugal",
    "SE": "Sweden", "US": "United States",
}  # fmt: skip


def amount(value: int, currency: str | None = "eur") -> str:
    return invoice_lines.amount_shown(value, currency or "eur")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sandbox.stripe.pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"amount": amount, "day": periods.shown, "priced": invoice_lines.priced}
    environment.globals |= {"countries": COUNTRIES, "vat_rates": tax_rates.STANDARD}
    return environment


TEMPLATES = _environment()


def render(name: str, status: int = 200, **context: Any) -> Response:
    text = TEMPLATES.get_template(name).render(context)
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def not_found(what: str) -> Response:
    about = "The link may have expired, or it was cut when it was copied."
    return render("message.html", 404, title=f"There is no such {what}", text=about)


def see(url: str) -> Response:
    return RedirectResponse(url, status_code=303, headers={"cache-control": "no-store"})


def open_store(request: Request, account: str) -> Store:
    world = world_of(request)
    address = str(request.base_url).rstrip("/")
    return Store(world.database, account, address, {"id": None, "idempotency_key": None})


def find(request: Request, kind: str, **wanted: str) -> tuple[Store, Document] | None:
    """A document of any account, by a field that nobody can guess."""
    sql = "SELECT account, body FROM stripe_objects WHERE kind = ?"
    values = [kind]
    for name, value in wanted.items():
        sql += f" AND json_extract(body, '$.{name}') = ?"
        values.append(value)
    row = world_of(request).database.row(sql, *values)
    return (open_store(request, row["account"]), json.loads(row["body"])) if row else None


async def announce(request: Request) -> None:
    """Webhooks go out, and the sandbox's own page is up to date."""
    world_of(request).stripe_deliveries.set()
    await world_of(request).changes.announce()


def text(form: FormData, name: str) -> str:
    return str(form.get(name) or "").strip()


def method_wish(form: FormData, types: Iterable[str]) -> dict[str, Any]:
    """Parameters of a payment method from what was typed in."""
    kind = text(form, "method") or next(iter(types))
    billing = {"name": text(form, "name") or None, "address": address_wish(form)}
    wish: dict[str, Any] = {"type": kind, "billing_details": billing}
    if kind == "card":
        month, _, year = text(form, "expiry").replace(" ", "").partition("/")
        wish["card"] = {
            "number": text(form, "number"),
            "exp_month": int(month) if month.isdigit() else 0,
            "exp_year": int(year) if year.isdigit() else 0,
            "cvc": text(form, "cvc"),
        }
    if kind == "sepa_debit":
        wish["sepa_debit"] = {"iban": text(form, "iban")}
    return wish


def address_wish(form: FormData) -> dict[str, Any] | None:
    names = ("country", "postal_code", "line1", "city")
    given = {name: text(form, name) or None for name in names}
    return {**dict.fromkeys(("line2", "state")), **given} if any(given.values()) else None
