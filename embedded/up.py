"""`make up`: everything a start consists of, in order, then watching over it."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from embedded import (
    credentials,
    environ,
    external,
    install,
    notes,
    ports,
    procfile,
    welcome,
)
from embedded.assets import Assets
from embedded.django_session import DjangoSession
from embedded.faults import Fault
from embedded.keeper import Services
from embedded.locks import FileLock
from embedded.prepare import Database
from embedded.process import record, sweep
from embedded.progress import step, tell
from embedded.psql import Psql
from embedded.stand_in import StandIn
from embedded.supervisor import Supervisor, stop_signals_raise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.environ import Given
    from embedded.layout import Layout

SWEEP_SECONDS = 10


def up(layout: Layout) -> int:
    """Start, say where to go, and run until asked to stop."""
    layout.prepare()
    own = FileLock(layout.run / "up.lock")
    if not own.try_acquire():
        print(welcome.already_running(layout))
        return 0
    record(layout.run / "up.pid", os.getpid())
    given = environ.Given.from_process()
    if given.sendgrid not in {"", "sandbox"}:
        raise Fault(
            f"SENDGRID={given.sendgrid} is not known.",
            "leave it out, or say SENDGRID=sandbox to have mail go through its stand-in; "
            "for the real one set SENDGRID_API_KEY.",
        )
    with stop_signals_raise():
        print("ToolBoxAI", flush=True)
        port = ports.require_web_port(given.port, given.host)
        _sweep(layout)
        with step("Python packages") as current:
            current.note = install.ensure(layout, "embedded")
        with _everything(layout, given, port) as (supervisor, services):
            _note_running(layout, given)
            print(welcome.block(layout), flush=True)
            supervisor.watch(until=lambda: _keep_services(services))
            print("\nStopping …", flush=True)
    print("Stopped. Your data is kept; `make up` continues.", flush=True)
    return 0


@contextmanager
def _everything(layout: Layout, given: Given, port: int) -> Iterator[tuple[Supervisor, Services]]:
    """All of it running; on leaving, stopped in reverse order."""
    with ExitStack() as stack:
        services = _find_services(layout, given, stack)
        supervisor = Supervisor(say=tell)
        stack.callback(supervisor.stop)
        stand_in = StandIn(layout, given, supervisor)
        assets = Assets(layout)
        stack.callback(assets.stop)
        assets.begin()
        compose = partial(environ.compose, layout, HOST=given.host, PORT=str(port))
        with DjangoSession(layout) as django:
            if services.are_new and not given.sendgrid:  # there is work for it in any case
                django.begin(compose(**services.foresee()))
            else:
                stand_in.begin()
            _start_services(given, services)
            if given.sendgrid:  # it says with which key mail is sent
                stand_in.connect()
            django.settle(compose())
            start = Start(layout, given, supervisor, assets, django, stand_in)
            start.prepare_and_serve(compose())
        stack.callback((layout.run / "up.json").unlink, missing_ok=True)
        yield supervisor, services


def _find_services(layout: Layout, given: Given, stack: ExitStack) -> Services:
    environ.complete_file(layout)
    credentials.update(layout.env_file, environ.addresses(layout, given))
    services = Services(layout, postgres=not given.database, valkey=not given.redis)
    stack.callback(services.release)
    return services


def _start_services(given: Given, services: Services) -> None:
    with step("PostgreSQL and Valkey") as current:
        if given.database:
            external.require_database(services.layout, given.database)
        if given.redis:
            external.require_redis(given.redis)
        yours = {"DATABASE_URL": given.database, "REDIS_URL": given.redis}
        brought = ", ".join(name for name, url in yours.items() if url)
        current.note = services.acquire() or (f"yours: {brought}" if brought else "")


@dataclass(frozen=True)
class Start:
    """What is under way when PostgreSQL and Valkey are there."""

    layout: Layout
    given: Given
    supervisor: Supervisor
    assets: Assets
    django: DjangoSession
    stand_in: StandIn

    def prepare_and_serve(self, env: dict[str, str]) -> None:
        """`web` boots while the demo is made, for as long; the others when nobody waits any
        more.
        """
        # They run without the owner's password; an empty name wins over the file's.
        services = procfile.services(self.layout, {**env, "DATABASE_OWNER_URL": ""})
        database = self._database(env)
        if self.django.has_begun:
            with step("Django"):
                self.django.wait()
        self.stand_in.begin()  # after Django in a new checkout: they would compile the same
        database.migrate(self.django)
        with step("Front end, static files") as current:
            current.note = self.assets.finish(self.django)
        web = self.supervisor.begin(*(service for service in services if service.name == "web"))
        self.stand_in.connect()
        database.fill(self.django)
        with step("Web"):
            for child in web:
                child.wait_ready()
        others = [service for service in services if service.name != "web"]
        with step(", ".join(service.name for service in others).capitalize()) as current:
            self.supervisor.start(*others)
            current.note = "booting; what waits for them is kept"

    def _database(self, env: dict[str, str]) -> Database:
        given, url = self.given, env["DATABASE_OWNER_URL"]
        own = Psql.of(self.layout, url) if not given.database else None
        sandboxed = not given.roblox
        return Database(
            self.layout, own, with_demo=sandboxed, with_prices=sandboxed and not given.stripe,
            env=env,
        )  # fmt: skip


def _keep_services(services: Services) -> bool:
    """Never the end of watching: a keeper that was killed is replaced."""
    if not services.is_kept():
        tell("PostgreSQL and Valkey ended unexpectedly; starting them again.")
        services.ensure()
    return False


def _sweep(layout: Layout) -> None:
    """An earlier run that was killed may have left these, where there is no death signal."""
    for name in ("beat", "worker", "web", "sandbox"):
        if sweep(layout.run / f"{name}.pid", signal.SIGTERM, SWEEP_SECONDS):
            print(f"  (stopped {name}, left over from a run that was killed)", flush=True)


def _note_running(layout: Layout, given: Given) -> None:
    notes.write(layout.run / "up.json", pid=os.getpid(), url=given.public_url)
