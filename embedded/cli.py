"""`python -m embedded …`: what the Makefile's targets call."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from embedded import execute, keeper
from embedded.faults import Fault
from embedded.layout import Layout
from embedded.supervisor import Stopped

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code; a `Fault` is printed as a sentence with a remedy, not as a traceback."""
    chosen = _parser().parse_args(arguments)
    layout = Layout.of(chosen.profile)
    try:
        return int(chosen.run(layout, chosen))
    except Fault as fault:
        print(f"\n{fault}", file=sys.stderr)
        return 1
    except Stopped:
        return INTERRUPTED


def _exec(layout: Layout, chosen: argparse.Namespace) -> int:
    words = chosen.command[1:] if chosen.command[:1] == ["--"] else chosen.command
    if not words:
        raise Fault("There is no command to run.", "name one: `python -m embedded exec -- env`.")
    return execute.execute(layout, words, with_sandbox=chosen.with_sandbox)


def _keep(layout: Layout, chosen: argparse.Namespace) -> int:
    return keeper.keep(layout, chosen.services, chosen.tell)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m embedded")
    verbs = parser.add_subparsers(required=True, metavar="command")

    def verb(name: str, run: object, about: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=about, description=about)
        made.add_argument("--profile", choices=("dev", "test"), default="dev")
        made.set_defaults(run=run)
        return made

    executing = verb("exec", _exec, "run a command with the services around it")
    executing.add_argument("--with-sandbox", action="store_true", help="and a sandbox of its own")
    executing.add_argument("command", nargs=argparse.REMAINDER)
    keeping = verb("keep", _keep, "own the services while they are used (started by the others)")
    keeping.add_argument("--tell", type=int, required=True, help="file descriptor to report on")
    keeping.add_argument("services", nargs="+")
    return parser
