from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

Level = Literal["refused", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing a rule has to say of one migration.

    `what` is the operation or the statement, `why` names the lock and whom it stops, `recipe` is
    code to paste. `accepted` is the author's reason from `Migration.unsafe`: it is shown, and the
    finding refuses nothing any more.
    """

    code: str
    migration: str
    table: str
    what: str
    why: str
    recipe: str
    level: Level = "refused"
    accepted: str = ""

    @property
    def refuses(self) -> bool:
        return self.level == "refused" and not self.accepted

    def accept(self, reason: str) -> Self:
        return replace(self, accepted=reason)

    def as_warning(self) -> Self:
        return replace(self, level="warning")

    def as_text(self) -> str:
        """For a terminal: what, why, and the safe way, indented."""
        head = f"{self.migration}: {self.what}\n  [{self.code}] {self.why}"
        if self.accepted:
            return f"{head}\n  Accepted by its author: {self.accepted}"
        recipe = "\n".join(f"    {line}".rstrip() for line in self.recipe.splitlines())
        return f"{head}\n  Safe way:\n{recipe}"
