"""What happens, and when, while an invoice stays unpaid: the one schedule that jobs, mails, pages
and docs/runbooks/dunning.md read.

Knows no database. Days are counted from the first failed payment (of an invoice that is paid by
transfer: from the day it was due), by the clock of the customer's account, and later by as many
days as operators grant. Stripe's own tries come in between; ours take over when Stripe makes none
any more (https://docs.stripe.com/billing/revenue-recovery/smart-retries).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from django.db.models import TextChoices


class Deed(StrEnum):
    TELL = "tell"
    RETRY = "retry"
    READ_ONLY = "read_only"
    SUSPEND = "suspend"
    END = "end"


class Stage(TextChoices):
    """How far it has come, worst last."""

    GRACE = "grace", "Grace"
    REMINDED = "reminded", "Reminded"
    READ_ONLY = "read_only", "Read-only"
    SUSPENDED = "suspended", "Suspended"
    ENDED = "ended", "Ended"


@dataclass(frozen=True)
class Step:
    """`mail` is a name of `apps.mail.catalogue`; `title` and `text` are what
    owners and operators read.
    """

    key: str
    day: int
    deed: Deed
    title: str
    text: str = ""
    mail: str = ""

    def due(self, began_at: datetime, extended_days: int = 0) -> datetime:
        return began_at + timedelta(days=self.day + extended_days)


GRACE_DAYS: Final = 3
READ_ONLY_DAY: Final = 10
SUSPENSION_DAY: Final = 14
END_DAY: Final = 30


def _retry(day: int) -> Step:
    return Step(
        f"retry_{day}", day, Deed.RETRY, "Payment tried again",
        "With the means of payment that is stored then.",
    )  # fmt: skip


def _reminder(day: int) -> Step:
    return Step(
        f"reminder_{day}", day, Deed.TELL, "Reminder by mail", mail="mail/payment_failed_reminder"
    )


SCHEDULE: Final[tuple[Step, ...]] = (
    Step("notice", 0, Deed.TELL, "First notice by mail", mail="mail/payment_failed"),
    _retry(1),
    _retry(2),
    _reminder(GRACE_DAYS),
    _retry(4),
    _reminder(5),
    _retry(6),
    _reminder(7),
    _retry(9),
    Step(
        "read_only", READ_ONLY_DAY, Deed.READ_ONLY, "Workspace read-only",
        "Everything can be read, nothing can be changed, and nothing is deployed.",
    ),
    Step(
        "final_notice", READ_ONLY_DAY, Deed.TELL, "Final notice by mail",
        mail="mail/payment_failed_final",
    ),
    _retry(13),
    Step(
        "suspension", SUSPENSION_DAY, Deed.SUSPEND, "Workspace suspended",
        "Pupils cannot come in either, and realtime apps are off. Owners still reach billing.",
    ),
    Step(
        "suspension_notice", SUSPENSION_DAY, Deed.TELL, "Notice of the suspension by mail",
        mail="mail/payment_suspended",
    ),
    _retry(20),
    _retry(29),
    Step(
        "end", END_DAY, Deed.END, "Subscription ends",
        "The workspace goes back to the Free plan and is open again within its limits. Nothing "
        "is deleted.",
    ),
)  # fmt: skip
STEPS: Final[dict[str, Step]] = {step.key: step for step in SCHEDULE}
# The stage that a step brings about, worst first.
REACHED: Final = (
    ("end", Stage.ENDED), ("suspension", Stage.SUSPENDED), ("read_only", Stage.READ_ONLY),
)  # fmt: skip
HOLDS: Final = frozenset({Deed.READ_ONLY, Deed.SUSPEND})


class Dates(NamedTuple):
    """When what happens, unless it is paid before."""

    read_only_at: datetime
    suspended_at: datetime
    ends_at: datetime


def dates(began_at: datetime, extended_days: int = 0) -> Dates:
    found = (STEPS[key].due(began_at, extended_days) for key in ("read_only", "suspension", "end"))
    return Dates(*found)


def stage(done: Collection[str], *, in_grace: bool) -> Stage:
    """`done`: keys of the steps that were carried out."""
    for key, reached in REACHED:
        if key in done:
            return reached
    return Stage.GRACE if in_grace else Stage.REMINDED


def in_words() -> Iterator[tuple[int, str]]:
    """Day and what happens, in the order of the schedule: the table of the documentation."""
    for step in SCHEDULE:
        yield step.day, f"{step.title} (`{step.mail[5:]}`)" if step.mail else step.title
