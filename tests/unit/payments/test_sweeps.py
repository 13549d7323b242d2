from __future__ import annotations

from types import SimpleNamespace

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from apps.payments.services.sweeps import for_each

ACCOUNTS = [SimpleNamespace(pk=number) for number in range(3)]


def test_what_fails_for_one_is_told_when_the_others_are_done():
    done = []

    def deed(account):
        if account.pk == 1:
            raise ValueError("broken")
        done.append(account.pk)

    with pytest.raises(ExceptionGroup, match="failed for 1 of 3") as raised:
        for_each(ACCOUNTS, deed)
    assert done == [0, 2]
    assert [str(error) for error in raised.value.exceptions] == ["broken"]
    assert for_each(ACCOUNTS, lambda _account: None) == 3


def test_a_sweep_whose_time_is_up_ends_at_once():
    done = []

    def deed(account):
        done.append(account.pk)
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        for_each(ACCOUNTS, deed)
    assert done == [0]
