"""What every view of the API is made of.

A request is looked at in this order: who it is from, what they may, how often (DRF's own steps);
then its query, headers and body, all errors at once; then whether it was answered before
(`Idempotency-Key`) and whether the resource is still what the caller saw (`If-Match`). Only then
the action runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, ClassVar, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import NotFound
from apps.rest import idempotency, preconditions, queries, shapes, strictness, versions
from apps.rest.input_errors import InputRefused
from apps.rest.services.stored_answers import Claim
from apps.rest.versions import Change, Deprecation

M = TypeVar("M", bound=Model)
Shape = type[serializers.BaseSerializer[Any]]


class Conventions(APIView):
    """Declare by action: `inputs`, the shape of a write's body (`Nothing` where it has none),
    whose validated values are then `self.given`; `queries`, the shape of a read's own query
    parameters, then `self.query`; `if_match_required`, the writes that need an If-Match; `proven`,
    what asks for a recent proof of who it is, though its permission does not;
    `asks_vendor`, where an outside service is waited for, which may fail (502, 503); `deprecated`,
    what is going to end. `changes` are what later versions changed of this resource.
    """

    inputs: ClassVar[Mapping[str, Shape]] = {}
    queries: ClassVar[Mapping[str, Shape]] = {}
    if_match_required: ClassVar[frozenset[str]] = frozenset()
    proven: ClassVar[frozenset[str]] = frozenset()
    asks_vendor: ClassVar[frozenset[str]] = frozenset()
    deprecated: ClassVar[Mapping[str, Deprecation]] = {}
    changes: ClassVar[tuple[type[Change], ...]] = ()
    given: dict[str, Any]
    query: dict[str, Any]
    _claim: Claim | None = None

    @property
    def tenant(self) -> Any:
        """The workspace whose host is asked."""
        return self.request._request.tenant  # type: ignore[attr-defined]

    @property
    def act(self) -> str:
        """The action that answers this request; a plain view's is its method in small letters."""
        return getattr(self, "action", None) or (self.request.method or "").lower()

    @property
    def later_changes(self) -> list[Change]:
        """What has changed since the version that this request speaks."""
        version = getattr(self.request, "version", None)
        return versions.between(version, self.changes) if self.changes else []

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self._unit:
            response = super().dispatch(request, *args, **kwargs)
            if self._claim is not None:
                idempotency.keep(self._claim, _rendered(response))
        answered: HttpResponseBase = preconditions.answer(request, response)
        return answered

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        method = (request.method or "").lower()
        if method == "options" or not hasattr(self, method):
            return  # the latter is a 405, whatever else is asked
        if any("\x00" in str(value) for value in kwargs.values()):
            raise NotFound("There is nothing at this address.")
        self._read(request)
        claim = idempotency.claim_of(request)
        if claim is not None:
            self._unit.enter_context(transaction.atomic())
            idempotency.begin(claim)
            self._claim = claim
        self._check_condition(request)

    def present_etag(self) -> str | None:
        """The resource's ETag before a write, its row locked; None where it has none."""
        return None

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, idempotency.Replayed):
            return exc.response
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self.changes:
            self._make_older(response)
        for name, value in versions.headers_of(versions.deprecations_of(self, request)).items():
            present = response.get(name) if name == "Link" else None
            response[name] = f"{present}, {value}" if present else value
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(response, ["Authorization", "Cookie"])
        if not response.has_header("Cache-Control"):
            seen = request.method in {"GET", "HEAD"} and response.status_code == 200  # noqa: PLR2004
            response["Cache-Control"] = "private, no-cache" if seen else "no-store"
        return response

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Which methods there are (`Allow`); what they take is in the OpenAPI document."""
        return Response(status=204)

    def _make_older(self, response: Any) -> None:
        if response.status_code < 300 and hasattr(response, "data"):  # noqa: PLR2004
            data = versions.older(response.data, self.later_changes)
            response.data = queries.chosen(data, self.request)

    def _read(self, request: Request) -> None:
        """Fill `given` and `query`. Raises `InputRefused` with all that is wrong."""
        found = [*queries.errors_in(self, request), *preconditions.errors_in(self, request)]
        shape = self.inputs.get(self.act) if request.method in idempotency.WRITES else None
        if shape is not None:
            try:
                changes = self.later_changes
                given = strictness.parsed(versions.shape_at(shape, changes), request)
                self.given = versions.newer(given, changes)
            except InputRefused as refusal:
                found += refusal.found
        if found:
            raise InputRefused(found)

    def _check_condition(self, request: Request) -> None:
        if request.method not in idempotency.WRITES or "If-Match" not in request.headers:
            return
        if self._claim is None:
            self._unit.enter_context(transaction.atomic())
        preconditions.require_match(request, self.present_etag())


class WorkspaceView(Conventions):
    """A view of one workspace's API that is no view set."""


class WorkspaceViewSet(Conventions, viewsets.GenericViewSet[M]):
    """Reads select fields (`?fields=`) and carry an ETag; detail writes honour If-Match. Lists can
    be ordered by `orderings`: columns without null that have an index or few rows.
    """

    orderings: ClassVar[tuple[str, ...]] = ()

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        made = super().get_serializer(*args, **kwargs)
        if self.request.method in {"GET", "HEAD"}:
            shapes.with_known_fields(made)
            if not self.later_changes:
                queries.select(made, self.request)
        return made

    def present_etag(self) -> str | None:
        if not getattr(self, "detail", False):
            return None
        return preconditions.etag_of(self._whole(self.locked()))

    def locked(self) -> M:
        """The resource, as `get_object` finds it, its row locked until the transaction ends."""
        found = self.get_object()
        QuerySet(type(found)).select_for_update(no_key=True).get(pk=found.pk)
        return self.get_object()

    def answer(self, resource: Any, *, status: int = 200) -> Response:
        """The resource as this action shows it, with its ETag."""
        whole = self._whole(resource)
        etag = preconditions.etag_of(whole)
        shown = whole if self.later_changes else queries.chosen(whole, self.request)
        return Response(shown, status=status, headers={"ETag": etag})

    def filter_queryset(self, queryset: Any) -> Any:
        """A query that filters by nothing costs no filter form."""
        return super().filter_queryset(queryset) if queries.filters_in(self) else queryset

    def _whole(self, resource: Any) -> Any:
        made = self.get_serializer_class()(resource, context=self.get_serializer_context())
        return shapes.with_known_fields(made).data


class Listed:
    """Mixin for view sets: the rows that the caller may see."""

    def list(self: Any, request: Request, *_: Any, **__: Any) -> Response:  # noqa: ARG002
        """A page at a time; `next` is the address of the following one."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        shown: Response = self.get_paginated_response(self.get_serializer(page, many=True).data)
        return shown


class Retrieved:
    """Mixin for view sets: one row by its name in the address."""

    def retrieve(self: Any, request: Request, *_: Any, **__: Any) -> Response:  # noqa: ARG002
        """One of them, with its ETag."""
        shown: Response = self.answer(self.get_object())
        return shown


def _rendered(response: Any) -> Any:
    return response.render() if hasattr(response, "render") else response
