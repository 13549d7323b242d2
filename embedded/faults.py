"""What can go wrong on somebody's machine, said so that they can put it right."""


class Fault(Exception):
    """`what` happened, the `remedy` to try, and `detail` (a program's own last words)."""

    def __init__(self, what: str, remedy: str, detail: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.detail = detail

    def __str__(self) -> str:
        said = "".join(f"\n    {line}" for line in self.detail.splitlines())
        return f"{self.what}{said}\nWhat to do: {self.remedy}"
