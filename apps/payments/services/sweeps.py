"""The same for many customers, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import structlog
from celery.exceptions import SoftTimeLimitExceeded

from apps.payments.models import Account

log = structlog.get_logger(__name__)


def for_each(accounts: Iterable[Account], deed: Callable[[Account], Any]) -> int:
    """Do it for each, and return for how many. What fails for one is logged and fails for nobody
    else: when the others are done, all of it is raised together as an `ExceptionGroup`, so that
    the schedule is shown as failed.
    """
    number, errors = 0, []
    for account in accounts:
        number += 1
        try:
            deed(account)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            log.exception("account_failed", deed=deed.__name__, account=str(account.pk))
            errors.append(error)
    if errors:
        raise ExceptionGroup(f"{deed.__name__} failed for {len(errors)} of {number}", errors)
    return number
