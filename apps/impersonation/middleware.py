"""An operator's requests as somebody else: who they are, what is closed to them, what is refused.

The session is nobody's: it names the impersonation and nothing more, so nothing that belongs to a
person's own sessions (sign-in, devices, two-step) is ever in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from apps.core import problems
from apps.core.errors import DomainError
from apps.gateway import endpoints
from apps.impersonation.errors import ClosedToOperators, ImpersonationOver, LookingOnly
from apps.impersonation.models import Impersonation
from apps.impersonation.services import impersonations, visits
from apps.tenants.access import granted_to
from apps.tenants.models import Membership
from apps.tenants.pages import SAFE
from apps.tenants.permissions import DECLARED

SESSION: Final = "impersonation"
ALLOWED: Final = frozenset(name for name, each in DECLARED.items() if each.impersonated)
# What needs no permission and is nobody's: the end, health, styles.
HARMLESS: Final = frozenset(
    {"impersonation_end", "impersonation_enter", "healthz", "brand_stylesheet"}
)
ENDING: Final = frozenset({"account_logout"})


class ImpersonationMiddleware:
    """`request.impersonation` is what goes on, or None; `request.user` then is the member, marked
    with who is in as them, which the audit and all permissions heed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.impersonation = None
        record_id = request.session.get(SESSION) if request.tenant else None
        if record_id is None:
            return self.get_response(request)
        found = impersonations.find_running(record_id=record_id, tenant=request.tenant)
        if found is None:
            request.session.flush()
            return refuse(request, ImpersonationOver("Start again from the console."))
        _put_on(request, *found)
        response = self.get_response(request)
        visits.note(
            record=found[0], method=request.method, path=request.path, status=response.status_code
        )
        add_never_cache_headers(response)
        return response

    def process_view(self, request: Any, view: Any, *_: Any) -> HttpResponse | None:
        if getattr(request, "impersonation", None) is None:
            return None
        name = request.resolver_match.url_name
        if name in ENDING and request.method == "POST":
            impersonations.end(record=request.impersonation)
            return None
        error = None if name in HARMLESS else _objection(request, view)
        return refuse(request, error) if error else None


def refuse(request: HttpRequest, error: DomainError) -> HttpResponse:
    if request.path.startswith(problems.API):
        return problems.document(error, request)
    response = render(request, "errors/domain.html", {"error": error}, status=error.status)
    add_never_cache_headers(response)
    return response


def _put_on(request: Any, record: Impersonation, membership: Membership) -> None:
    person = record.person
    person.impersonated_by, person.limited_to = record.operator, ALLOWED  # type: ignore[union-attr]
    membership.tenant = request.tenant
    request.impersonation, request.user, request.membership = record, person, membership
    request.can = granted_to(membership) & ALLOWED


def _objection(request: Any, view: Any) -> DomainError | None:
    needed = _needed(request, view)
    if needed is None or endpoints.is_personal(view):
        return ClosedToOperators("Accounts, sign-in and tokens are the person's own.")
    if needed not in ALLOWED:
        return ClosedToOperators("Secrets, keys, exports and the workspace's end are its own.")
    if request.method not in SAFE and not request.impersonation.may_write:
        return LookingOnly("To change something, start again and say why.")
    if endpoints.is_proven(view, (request.method or "").lower()):
        return ClosedToOperators("This asks for the person's own proof. Have them do it.")
    return None


def _needed(request: Any, view: Any) -> str | None:
    """The permission that the page or the API's action declares; None where it declares none."""
    about = vars(view)
    if "permission" in about:
        key = "permission" if request.method in SAFE else "post_permission"
        return str(about[key])
    declared = getattr(getattr(view, "cls", None), "required_permissions", {})
    method = request.method.lower()
    action = (getattr(view, "actions", None) or {method: method}).get(method)
    if action is None and request.method in SAFE:  # HEAD, OPTIONS: what GET takes
        action = (getattr(view, "actions", None) or {}).get("get", "get")
    return declared.get(action)
