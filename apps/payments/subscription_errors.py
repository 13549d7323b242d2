"""Refusals of what customers do with their subscription. Each code is explained in
`apps/gateway/words/problems.toml`.
"""

from __future__ import annotations

from apps.core.errors import Conflict, Invalid
from apps.payments.errors import StripeError


class AlreadySubscribed(Conflict):
    code = "already_subscribed"
    title = "There is a subscription already"


class NotSubscribed(Conflict):
    code = "not_subscribed"
    title = "There is no subscription that this could be about"


class TrialUsed(Conflict):
    code = "trial_used"
    title = "The free trial was used already"


class NothingToChange(Conflict):
    code = "nothing_to_change"
    title = "It is so already"


class PreviewOutdated(Conflict):
    """What would be charged is no longer what the customer was shown."""

    code = "preview_outdated"
    title = "The amounts have changed since they were shown"


class ChangeBlocked(Conflict):
    """The subscription's state does not allow it now; `detail` says what comes first."""

    code = "subscription_change_blocked"
    title = "The subscription cannot be changed like this now"


class CannotPause(Conflict):
    code = "cannot_pause"
    title = "This subscription cannot be paused"


class OfferTaken(Conflict):
    code = "offer_taken"
    title = "This offer is made once"


class DetailsMissing(Conflict):
    code = "billing_details_missing"
    title = "An invoice needs an address first"


class AttemptPending(Conflict):
    """`attempt` and `deed` say what was asked for before."""

    code = "payment_attempt_pending"
    title = "Something that was asked for before is not confirmed yet"


class AttemptUnsure(StripeError):
    """Nobody knows whether it happened; `attempt` is kept and can be tried again safely."""

    code = "payment_attempt_unsure"
    status = 503
    title = "The payment service did not confirm this"


class PromotionCodeRefused(Invalid):
    code = "promotion_code_refused"
    title = "This promotion code cannot be used"


class VatNumberRefused(Invalid):
    code = "vat_number_refused"
    title = "This VAT number cannot be used"
