from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.realtime import protocol, pusher_api
from apps.realtime.authorisation import Visit, may_listen, presence_member, user_id_of


@require_POST
@never_cache
def authenticate(request: HttpRequest) -> HttpResponse:
    """Signs the page's socket in as its person, or answers 403.

    https://pusher.com/docs/channels/server_api/authenticating-users/
    """
    visit = cast(Visit, request)
    socket_id = request.POST.get("socket_id", "")
    if not protocol.is_socket_id(socket_id):
        return HttpResponse("socket_id is not well formed", status=400)
    if not visit.user.is_authenticated or (visit.tenant and not visit.can):
        return HttpResponse("Sign in first", status=403)
    schema_name = visit.tenant.schema_name if visit.tenant else None
    user_id = user_id_of(user_id=visit.user.pk, schema_name=schema_name)
    return JsonResponse(pusher_api.authenticate(socket_id, user_id))


@require_POST
@never_cache
def authorise(request: HttpRequest) -> HttpResponse:
    """Lets the page's socket into a private or presence channel, or answers 403.

    https://pusher.com/docs/channels/server_api/authorizing-users/
    """
    socket_id = request.POST.get("socket_id", "")
    channel = request.POST.get("channel_name", "")
    if not (protocol.is_socket_id(socket_id) and protocol.is_channel_name(channel)):
        return HttpResponse("socket_id or channel_name is not well formed", status=400)
    if not may_listen(cast(Visit, request), channel):
        return HttpResponse("This channel is not open to you", status=403)
    member = presence_member(cast(User, request.user)) if protocol.is_presence(channel) else None
    return JsonResponse(pusher_api.authorise(channel, socket_id, member))
