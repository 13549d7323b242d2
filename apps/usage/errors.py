from __future__ import annotations

from apps.core.errors import Invalid, NotAllowed


class LimitReached(NotAllowed):
    """The plan allows no more of this. The answer names the limit, what is used and what to do.

    `retry_after`: seconds until a day's or month's limit begins anew, None where waiting does not
    help.
    """

    code = "limit_reached"
    title = "A limit of your plan is reached"
    retry_after: int | None = None


class CallLimitReached(LimitReached):
    """The API calls of the day or month are used up; `Retry-After` says for how long."""

    code = "call_limit_reached"
    status = 429
    title = "Your plan's API calls are used up"


class UpgradeNeeded(NotAllowed):
    """The plan has not this feature. The answer names the `feature`, the smallest `plan` that has
    it and the `upgrade_url` where an owner gets it.
    """

    code = "upgrade_needed"
    title = "Your plan does not include this"


class UnknownPlan(Invalid):
    code = "unknown_plan"
    title = "There is no such plan"
