"""Many deeds of one kind in one request, each with an outcome of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from django.db import transaction
from rest_framework import serializers, status
from rest_framework.response import Response

from apps.core.errors import Conflict, DomainError
from apps.rest.problems import problem_of

MOST: Final = 100


class BulkRefused(Conflict):
    """One of the items was refused, so none was carried out. `results` tells each one's outcome."""

    code = "bulk_refused"
    title = "Nothing was done, because a part of it was refused"


class BulkInput(serializers.Serializer[Any]):
    """Inherit and add the list of items."""

    all_or_nothing = serializers.BooleanField(
        default=False, help_text="true: when one is refused, none is carried out (409)"
    )


class BulkResult(serializers.Serializer[Any]):
    item = serializers.CharField(help_text="as it was sent")
    status = serializers.IntegerField(help_text="as if it had been a request of its own")
    problem = serializers.DictField(allow_null=True, help_text="why it was refused (RFC 9457)")


class BulkAnswer(serializers.Serializer[Any]):
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    results = BulkResult(many=True, help_text="in the order of the request")


def carry_out(
    items: Iterable[str], deed: Callable[[str], Any], *, all_or_nothing: bool, done: int = 200
) -> Response:
    """Do `deed` for each item, each in a transaction of its own: 200, or 207 when some were
    refused. With `all_or_nothing` in one transaction: raises `BulkRefused` when any was refused.
    """
    if not all_or_nothing:
        return _answer([_one(item, deed, done) for item in items])
    with transaction.atomic():
        results = [_one(item, deed, done) for item in items]
        if refused := [found["item"] for found in results if found["problem"]]:
            text = f"Refused: {', '.join(refused[:5])}. Leave out or mend what was refused."
            raise BulkRefused(text, results=results)
    return _answer(results)


def _one(item: str, deed: Callable[[str], Any], done: int) -> dict[str, Any]:
    try:
        with transaction.atomic():
            deed(item)
    except DomainError as error:
        return {"item": item, "status": error.status, "problem": problem_of(error)}
    return {"item": item, "status": done, "problem": None}


def _answer(results: list[dict[str, Any]]) -> Response:
    failed = sum(1 for found in results if found["problem"])
    answer = {"succeeded": len(results) - failed, "failed": failed, "results": results}
    return Response(answer, status=status.HTTP_207_MULTI_STATUS if failed else status.HTTP_200_OK)
