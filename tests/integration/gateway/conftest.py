from __future__ import annotations

import pytest


@pytest.fixture
def fresh_limits(own_redis):
    """Nothing counted yet, and this process remembers no workspace's plan and no address."""
    from apps.gateway import admission, refusals
    from apps.usage.services import ceilings

    def forget() -> None:
        admission._away.clear()
        refusals.forget()
        ceilings.forget()

    forget()
    yield
    forget()


@pytest.fixture
def key_memory(settings):
    """This process remembers keys, as it does outside of tests."""
    from apps.gateway.services import verification

    settings.KEY_MEMORY_SECONDS = 1.0
    verification._known.clear()
    yield verification._known
    verification._known.clear()


@pytest.fixture
def clock(monkeypatch):
    """`clock(seconds)` moves this process' clock on."""
    from apps.gateway.services import verification

    ahead = 0.0
    present = verification.time.monotonic

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return present() + ahead

    def move(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    monkeypatch.setattr(verification, "time", Clock)
    return move
