"""The recorded steps that lead from one version to another, and back."""

from __future__ import annotations

from collections.abc import Iterable

from apps.fleet.errors import NotReversible, NoWay
from apps.fleet.models import SchemaStep, SchemaVersion
from apps.fleet.services import versions


def between(*, origin: SchemaVersion, target: SchemaVersion) -> list[SchemaStep]:
    """The steps in order, recorded now when nobody went this way before.

    Raises `NoWay` where the origin has migrations that the target lacks, and
    `RecordingDiffers`.
    """
    require_forward(origin=origin, target=target)
    return versions.steps(origin=origin, target=target)


def require_forward(*, origin: SchemaVersion, target: SchemaVersion) -> None:
    """Raises `NoWay` where the origin has migrations that the target lacks."""
    extra = {tuple(key) for key in origin.migrations} - {tuple(key) for key in target.migrations}
    if extra:
        names = ", ".join(sorted(".".join(key) for key in extra))
        raise NoWay(
            f"Some schemas have {names}, which this code does not know. Deploy the code that "
            "does, or return them with `fleet rollback --all`, before this one."
        )


def require_reversible(steps: Iterable[SchemaStep]) -> None:
    """Raises `NotReversible`, which names the steps that cannot be undone."""
    stuck = [str(step) for step in steps if step.backward is None]
    if stuck:
        raise NotReversible(
            f"{', '.join(stuck)} cannot be undone. Mend it forward: write a migration that "
            "repairs what the checks found, and run `fleet migrate` again."
        )
