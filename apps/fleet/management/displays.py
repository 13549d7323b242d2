"""How `manage.py fleet` shows itself: a bar where somebody looks on, lines elsewhere."""

from __future__ import annotations

import time
from typing import TextIO, cast

from django.core.management.base import OutputWrapper
from django.db.models import Count

from apps.fleet.models import Rollout, RolloutItem, Schema
from apps.fleet.services import itineraries, locks, pool, versions
from apps.fleet.services.courses import Progress

WIDTH = 30
REDRAW_SECONDS = 0.1
SHOWN = 20
TIME = "%Y-%m-%d %H:%M"


class Display:
    """A `Watch`."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._live = out.isatty()
        self._progress: Progress | None = None
        self._begun = self._drawn = 0.0

    def say(self, text: str) -> None:
        self.end()
        self._out.write(text)

    def move(self, progress: Progress) -> None:
        now = time.monotonic()
        if self._progress is None or self._progress.ring != progress.ring:
            self.end()
            self._begun = self._drawn = now
        self._progress = progress
        if self._live and now - self._drawn >= REDRAW_SECONDS:
            self._drawn = now
            self._draw(progress, "\r")

    def end(self) -> None:
        """Leave the ring's last line standing."""
        if self._progress:
            self._draw(self._progress, "\r" if self._live else "", ending="\n")
        self._progress = None

    def _draw(self, progress: Progress, start: str, ending: str = "") -> None:
        line = bar(progress, seconds=time.monotonic() - self._begun, live=self._live)
        self._out.write(f"{start}{line}{chr(27) + '[K' if start else ''}", ending=ending)
        cast("TextIO", self._out).flush()


def bar(progress: Progress, *, seconds: float, live: bool = True) -> str:
    """`10%      [#####.....]  45/90  120/s  0:12 left  2 wait for a lock`."""
    met = progress.done + progress.blocked + progress.failed
    rate = met / seconds if seconds else 0.0
    filled = WIDTH * met // max(1, progress.total)
    parts = [f"{progress.ring:<8}"]
    if live:
        parts.append(f"[{'#' * filled}{'.' * (WIDTH - filled)}]")
    parts += [f"{progress.done}/{progress.total}", f"{rate:.0f}/s"]
    if rate and met < progress.total:
        parts.append(f"{_clock((progress.total - met) / rate)} left")
    else:
        parts.append(f"in {seconds:.1f} s")
    parts += [f"{progress.blocked} wait for a lock"] if progress.blocked else []
    parts += [f"{progress.failed} failed"] if progress.failed else []
    return "  ".join(parts)


def describe(rollout: Rollout) -> str:
    """One rollout in a line: where to, how it stands, how many."""
    states = dict(rollout.items.values_list("state").annotate(Count("pk")).order_by())
    counted = ", ".join(
        f"{number} {RolloutItem.State(state).label.lower()}" for state, number in states.items()
    )
    took = ""
    if rollout.finished_at:
        took = f" in {(rollout.finished_at - rollout.started_at).total_seconds():.1f} s"
    return f"Version {rollout.target}: {rollout.get_state_display().lower()}{took} ({counted})"


def show_status(out: OutputWrapper) -> None:
    code, current = versions.of_code(), versions.current()
    out.write("Version       Schemas")
    found = Schema.objects.values_list("version__fingerprint").annotate(n=Count("pk"))
    for fingerprint, number in found.order_by("-n"):
        notes = [
            "the code's" if fingerprint == code else "",
            "new workspaces get it" if current and fingerprint == current.fingerprint else "",
        ]
        out.write(f"{fingerprint[:12]} {number:8}  {', '.join(filter(None, notes))}".rstrip())
    if not any(fingerprint == code for fingerprint, _ in found):
        out.write(f"{code[:12]}        0  the code's: run `fleet migrate`")
    ready = pool.status()
    out.write(f"\nPool: {ready.ready} of {ready.size} ready, {ready.stale} of another version")
    _show_last(out)


def show_history(out: OutputWrapper, *, schema_name: str | None) -> None:
    if schema_name:
        items = RolloutItem.objects.filter(schema_name=schema_name).order_by("-pk")
        for item in items.select_related("rollout", "rollout__target", "origin")[:SHOWN]:
            out.write(
                f"{item.rollout.started_at:{TIME}}  {item.origin} to {item.rollout.target}  "
                f"{item.get_state_display().lower()}  {item.milliseconds or 0:.0f} ms  "
                f"{item.problem}".rstrip()
            )
        return
    for rollout in Rollout.objects.select_related("target")[:SHOWN]:
        out.write(f"{rollout.started_at:{TIME}}  {describe(rollout)}  by {rollout.actor_label}")


def _show_last(out: OutputWrapper) -> None:
    rollout = Rollout.objects.select_related("target").first()
    if rollout is None:
        out.write("No rollout yet.")
        return
    out.write(f"\n{rollout.started_at:{TIME}}  {describe(rollout)}")
    for progress in itineraries.progress(rollout=rollout):
        out.write(f"  {progress.ring:<8} {progress.done}/{progress.total}{_troubles(progress)}")
    if rollout.problem:
        out.write(rollout.problem)
    busy = locks.holder()
    if busy:
        out.write(busy)
    elif rollout.state == Rollout.State.RUNNING:
        out.write("Nobody is at work on it: it was cut short. `fleet migrate` goes on with it.")


def _troubles(progress: Progress) -> str:
    found = [f"{progress.blocked} wait for a lock"] if progress.blocked else []
    found += [f"{progress.failed} failed"] if progress.failed else []
    return f"  {', '.join(found)}" if found else ""


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
