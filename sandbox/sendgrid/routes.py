"""The endpoints of SendGrid's v3 API that the product calls."""

from __future__ import annotations

from starlette.routing import Route

from sandbox.sendgrid import domains, management, sending, suppressions

DOMAINS = "/v3/whitelabel/domains"
LIST = "/v3/suppression/{list}"

routes = [
    Route("/v3/mail/send", sending.send, methods=["POST"]),
    Route(DOMAINS, domains.create, methods=["POST"]),
    Route(DOMAINS, domains.list_all, methods=["GET"]),
    Route(f"{DOMAINS}/{{domain_id:int}}", domains.get, methods=["GET"]),
    Route(f"{DOMAINS}/{{domain_id:int}}", domains.delete, methods=["DELETE"]),
    Route(f"{DOMAINS}/{{domain_id:int}}/validate", domains.validate, methods=["POST"]),
    Route(LIST, suppressions.get_list, methods=["GET"]),
    Route(f"{LIST}/{{email}}", suppressions.get_one, methods=["GET"]),
    Route(f"{LIST}/{{email}}", suppressions.delete_one, methods=["DELETE"]),
    Route("/v3/asm/suppressions/global/{email}", suppressions.delete_one, methods=["DELETE"]),
    *management.routes,
]
