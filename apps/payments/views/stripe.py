"""Where Stripe reports to."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.core.errors import DomainError
from apps.payments.services import intake

TOO_LARGE = 413


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, endpoint: UUID) -> HttpResponse:
    """200 for what is written down, which is all that Stripe wants to know; what is made of it
    nobody waits for. What is refused is told in words, for whoever sets up an endpoint.
    """
    # Read by hand: a body without a declared length is cut off here, too.
    body = request.read(intake.LARGEST + 1)
    if len(body) > intake.LARGEST:
        return HttpResponse("Too large for an event.", status=TOO_LARGE)
    signature = request.headers.get("Stripe-Signature", "")
    try:
        intake.take_in(endpoint=endpoint, body=body, signature=signature)
    except DomainError as error:
        return HttpResponse(error.detail, status=error.status, content_type="text/plain")
    return HttpResponse(status=200)
