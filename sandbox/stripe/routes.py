"""Every endpoint of the API that is kept here."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.stripe import (
    accounts,
    balance,
    cash_balance,
    charges,
    checkout_sessions,
    clocks,
    coupons,
    credit_notes,
    customer_balance,
    customers,
    disputes,
    features,
    files,
    identifiers,
    invoice_endpoints,
    invoice_items,
    management,
    mandates,
    meters,
    pages,
    payment_intents,
    payment_methods,
    portal_sessions,
    prices,
    products,
    promotion_codes,
    refunds,
    schedules,
    setup_intents,
    subscription_endpoints,
    tax_ids,
    tax_rates,
    webhook_endpoints,
)
from sandbox.stripe.endpoint import Endpoint

MODULES = (
    accounts,
    balance,
    cash_balance,
    charges,
    checkout_sessions,
    clocks,
    coupons,
    credit_notes,
    customer_balance,
    customers,
    disputes,
    features,
    files,
    invoice_endpoints,
    invoice_items,
    mandates,
    meters,
    payment_intents,
    payment_methods,
    portal_sessions,
    prices,
    products,
    promotion_codes,
    refunds,
    schedules,
    setup_intents,
    subscription_endpoints,
    tax_ids,
    tax_rates,
    webhook_endpoints,
)
ENDPOINTS: list[Endpoint] = [one for module in MODULES for one in module.ENDPOINTS]


async def unknown(request: Request) -> Response:
    text = f"Unrecognized request URL ({request.method}: {request.url.path})."
    headers = {"request-id": identifiers.new("req", 14)}
    body = {"error": {"message": text, "type": "invalid_request_error"}}
    return JSONResponse(body, status_code=404, headers=headers)


METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]
routes: list[BaseRoute] = [
    *management.routes,
    *pages.routes,
    *files.routes,
    *(endpoint.route() for endpoint in ENDPOINTS),
    Route("/v1/{rest:path}", unknown, methods=METHODS),
]
