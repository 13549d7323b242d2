from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework import pagination
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.rest.input_errors import InputError, InputRefused, in_query


class CursorPagination(pagination.CursorPagination):
    """`?cursor=&page_size=` over time-sorted keys: stable while rows are added. The pages before
    and after stand in the body and in `Link` (RFC 8288).
    """

    ordering = "-id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"

    def parameters(self, view: Any) -> tuple[str, ...]:
        return ("cursor", "page_size", *(["ordering"] if view.orderings else []))

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> Any:
        chosen = request.query_params.get("ordering")
        return (chosen,) if chosen else super().get_ordering(request, queryset, view)

    def errors_in(self, request: Request, view: Any) -> Iterator[InputError]:
        size = request.query_params.get("page_size")
        if size is not None and not 0 < _number(size) <= self.max_page_size:
            text = f"Send a whole number from 1 to {self.max_page_size}."
            yield in_query("page_size", "invalid", text)
        order = request.query_params.get("ordering")
        if order is not None and order.removeprefix("-") not in view.orderings:
            ways = ", ".join(f"{name}, -{name}" for name in view.orderings)
            yield in_query("ordering", "invalid_choice", f"Choose from: {ways}.")
        try:
            self.decode_cursor(request)
        except NotFound:
            yield _bad_cursor()

    def paginate_queryset(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().paginate_queryset(*args, **kwargs)
        except (
            ValueError,
            OverflowError,
            ValidationError,
            DataError,
        ) as error:  # a position of our form, but of no row's key
            raise InputRefused([_bad_cursor()]) from error

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        ways = {"next": response.data["next"], "prev": response.data["previous"]}
        links = ", ".join(f'<{url}>; rel="{name}"' for name, url in ways.items() if url)
        if links:
            response["Link"] = links
        return response


def _number(digits: str) -> int:
    plain = digits.isdecimal() and digits.isascii() and len(digits) < 10  # noqa: PLR2004
    return int(digits) if plain else 0


def _bad_cursor() -> InputError:
    text = "This cursor is none of this list's. Follow `next` and `previous` as they were given."
    return in_query("cursor", "invalid", text)
