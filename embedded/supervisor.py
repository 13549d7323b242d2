"""Starts processes in order, watches them, restarts what crashes, stops in reverse order."""

from __future__ import annotations

import select
import signal
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedded.process import Child, describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from embedded.process import Service

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
HEALTHY = 60.0
TICK = 0.25
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A person or the system asked us to stop."""


@dataclass
class Seat:
    """One supervised process and its history of crashes."""

    child: Child
    pause: float = FIRST_PAUSE
    restart_at: float | None = None


@dataclass
class Supervisor:
    """`say` receives a sentence for each crash and restart."""

    say: Callable[[str], None] = print
    seats: list[Seat] = field(default_factory=list)

    def start(self, *services: Service) -> None:
        """Start these together; returns when each is ready, or raises its `Fault`."""
        for child in self.begin(*services):
            child.wait_ready()

    def begin(self, *services: Service) -> list[Child]:
        """Start these and do not wait for them: `wait_ready` of each does."""
        begun = []
        for service in services:
            begun.append(Child(service))
            self.seats.append(Seat(begun[-1]))
        return begun

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Keep everything running until `until()` or a signal to stop."""
        with stop_signals_as_event() as is_asked:
            while not is_asked() and not until():
                for seat in self.seats:
                    self._look_after(seat)

    def stop(self) -> None:
        """Reverse order, each completely. A second Ctrl-C does not leave half of it running."""
        with stop_signals_as_event():
            while self.seats:
                self.seats.pop().child.stop()

    def _look_after(self, seat: Seat) -> None:
        now = time.monotonic()
        if seat.restart_at is None:
            code = seat.child.exit_code()
            if code is not None:
                self._plan_restart(seat, code, now)
        elif now >= seat.restart_at:
            seat.child.kill()  # what its session may have left
            seat.child, seat.restart_at = Child(seat.child.service), None
            self.say(f"{seat.child.service.name} restarted.")

    def _plan_restart(self, seat: Seat, code: int, now: float) -> None:
        if now - seat.child.started > HEALTHY:
            seat.pause = FIRST_PAUSE
        service = seat.child.service
        self.say(
            f"{service.name} ended unexpectedly ({describe(code)}); "
            f"again in {seat.pause:.0f} s. Log: {service.log}"
        )
        seat.restart_at = now + seat.pause
        seat.pause = min(seat.pause * 2, LONGEST_PAUSE)


@contextmanager
def stop_signals_as_event() -> Iterator[Callable[[], bool]]:
    """Inside, a stop signal interrupts nothing; the yielded call waits a tick and tells of it."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)

    def note(_signal: int, _frame: FrameType | None) -> None:
        writer.send(b"!")

    def is_asked() -> bool:
        return bool(select.select([reader], [], [], TICK)[0])

    before = {number: signal.signal(number, note) for number in STOP_SIGNALS}
    try:
        yield is_asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        reader.close()
        writer.close()


def _raise_stopped(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


@contextmanager
def stop_signals_raise() -> Iterator[None]:
    """Inside, a stop signal raises `Stopped` wherever we are: for the steps of a start."""
    before = {number: signal.signal(number, _raise_stopped) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
