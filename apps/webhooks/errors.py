from __future__ import annotations

from apps.core.errors import Conflict


class EndpointOff(Conflict):
    code = "webhook_off"
    title = "This endpoint is switched off"


class NothingToReplay(Conflict):
    code = "nothing_to_replay"
    title = "There is nothing to send again"


class NoOperatorWebhook(Conflict):
    code = "operator_webhook_not_set"
    title = "There is no webhook of the operators"
