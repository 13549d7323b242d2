"""Problem documents where no view of the API answers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from apps.core.errors import DomainError, NotFound
from apps.core.problems import API, document


class InternalError(DomainError):
    code = "internal_error"
    status = 500
    title = "Something went wrong on our side"


@csrf_exempt
def absent(request: HttpRequest) -> HttpResponse:
    """The view of every address below `/api/` that leads nowhere. A POST without the slash ends
    here too: redirected, it would arrive as a GET.
    """
    text = "The API has nothing at this address. Its addresses end with a slash."
    return document(NotFound(text), request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: a problem below `/api/`, a page elsewhere."""
    if not request.path.startswith(API):
        return defaults.server_error(request)
    text = "It has been recorded. What you sent may not have been saved: look before you repeat it."
    return document(InternalError(text), request)
