from __future__ import annotations

from apps.core.errors import Conflict, VendorError


class NotTaken(VendorError):
    """The server did not answer with 2xx; later it may."""

    code = "channel_webhook_not_taken"
    title = "The webhook was not taken"


class ChannelWebhookOff(Conflict):
    code = "channel_webhook_off"
    title = "The webhook is switched off"


class DeliveryUnderWay(Conflict):
    code = "channel_delivery_under_way"
    title = "It is on its way already"
