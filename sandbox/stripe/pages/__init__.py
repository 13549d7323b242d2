"""The pages that Stripe hosts: Checkout, the Billing Portal, invoices, a bank's 3-D Secure."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.stripe.pages import authentication, checkout, dashboard, invoices, portal, portal_plans

STATIC = Path(__file__).parent / "static"
BOTH = ["GET", "POST"]

routes: list[BaseRoute] = [
    Route("/c/pay/{id}", checkout.serve, methods=BOTH),
    Route("/c/done/{id}", checkout.done),
    Route("/3ds/{id}", authentication.serve, methods=BOTH),
    Route("/i/{account}/{token}", invoices.serve, methods=BOTH),
    Route("/i/{account}/{token}/pdf", invoices.pdf),
    Route("/p/session/{token}", portal.overview),
    Route("/p/session/{token}/customer", portal.customer, methods=BOTH),
    Route("/p/session/{token}/payment-methods", portal.add_method, methods=BOTH),
    Route("/p/session/{token}/payment-methods/{id}", portal.change_method, methods=["POST"]),
    Route("/p/session/{token}/subscriptions/{id}/cancel", portal_plans.cancel, methods=BOTH),
    Route("/p/session/{token}/subscriptions/{id}/resume", portal_plans.resume, methods=["POST"]),
    Route("/p/session/{token}/subscriptions/{id}/update", portal_plans.update, methods=BOTH),
    Route("/_sandbox/stripe", dashboard.overview),
    Route("/_sandbox/stripe/send-again", dashboard.send_again, methods=["POST"]),
    Mount("/_sandbox/stripe/static", StaticFiles(directory=STATIC)),
]
