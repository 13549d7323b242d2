from __future__ import annotations

from apps.core.errors import NotAllowed


class StepUpRequired(NotAllowed):
    """What you ask for needs a proof, a few minutes old at most, that it is you. On a page you
    are asked for it; with a token, send your password or a code to /api/v1/tokens/confirm/.
    """

    code = "step_up_required"
    title = "Confirm that it is you"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or "Confirm that it is you, then send the same again.")
