"""`python -m embedded …`: what the Makefile's targets call."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from embedded import assets, execute, frontend, install, keeper, operations, up
from embedded.faults import Fault
from embedded.layout import Layout
from embedded.progress import step
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


def _up(layout: Layout, chosen: argparse.Namespace) -> int:
    layout.prepare()
    return operations.start_detached(layout) if chosen.detach else up.up(layout)


def _shell(layout: Layout, chosen: argparse.Namespace) -> int:
    words = [str(layout.python), "manage.py", *(chosen.command or ["shell"])]
    return execute.execute(layout, words)


def _install(layout: Layout, chosen: argparse.Namespace) -> int:
    with step("Python packages") as current:
        current.note = install.ensure(layout, chosen.purpose)
    if chosen.frontend:
        with step("Front end") as current:
            current.note = frontend.ensure(layout)
    return 0


def _assets(layout: Layout, _: argparse.Namespace) -> int:
    return assets.build(layout)


def _npm(layout: Layout, chosen: argparse.Namespace) -> int:
    frontend.install_packages(layout, dev=True)
    return frontend.run_npm(layout, chosen.command)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m embedded")
    verbs = parser.add_subparsers(required=True, metavar="command")

    def verb(name: str, run: object, about: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=about, description=about)
        made.add_argument("--profile", choices=("dev", "test"), default="dev")
        made.set_defaults(run=run)
        return made

    starting = verb("up", _up, "start everything; Ctrl-C stops it")
    starting.add_argument("--detach", action="store_true", help="and return when it runs")
    verb("down", lambda layout, _: operations.down(layout), "stop everything")
    resetting = verb(
        "reset", lambda layout, c: operations.reset(layout, sure=c.yes), "delete all data"
    )
    resetting.add_argument("--yes", action="store_true", help="do not ask")
    verb("status", lambda layout, _: operations.status(layout), "what runs")
    logging = verb(
        "logs", lambda layout, c: operations.logs(layout, c.names, follow=c.follow), "show the logs"
    )
    logging.add_argument("--follow", "-f", action="store_true")
    logging.add_argument("names", nargs="*")
    shelling = verb("shell", _shell, "Django's shell, or another manage.py command")
    shelling.add_argument("command", nargs=argparse.REMAINDER)
    installing = verb("install", _install, "only make .venv what the lock files say")
    installing.add_argument("--purpose", choices=("embedded", "dev"), default="embedded")
    installing.add_argument("--frontend", action="store_true", help="and build the front end")
    npm = verb("npm", _npm, "npm out of the wheel, on the front end")
    npm.add_argument("command", nargs=argparse.REMAINDER)
    verb("assets", _assets, "build the front end (started by up)")
    executing = verb("exec", _exec, "run a command with the services around it")
    executing.add_argument("--with-sandbox", action="store_true", help="and a sandbox of its own")
    executing.add_argument("command", nargs=argparse.REMAINDER)
    keeping = verb("keep", _keep, "own the services while they are used (started by the others)")
    keeping.add_argument("--tell", type=int, required=True, help="file descriptor to report on")
    keeping.add_argument("services", nargs="+")
    return parser
