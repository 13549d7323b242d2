"""What a request has done elsewhere: coroutines, threads, jobs, pages, a neighbour's table."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from http import HTTPStatus
from typing import Any

from asgiref.sync import sync_to_async
from celery import shared_task
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.db.utils import ProgrammingError
from django.test import Client
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.jobs.models import JobRun
from apps.jobs.task import Job, run_now
from apps.roblox.models import Experience
from apps.tenants.middleware import SESSION_WORKSPACE
from apps.tenants.models import Tenant
from benchmarks.mixed.deeds import names
from benchmarks.mixed.rows import ROWS, of

Seen = list[tuple[str, str]]  # (the workspace asked, the mark that came)
REFUSED = "permission denied for schema"


def coroutines(asked: list[str]) -> Seen:
    """The ORM's own async methods, a coroutine for each workspace, all under way at once."""

    async def ask(schema: str) -> Seen:
        with schema_context(schema):
            first = [of(row.name) async for row in Experience.objects.all()[:ROWS]]
            await asyncio.sleep(0)
            again = await Experience.objects.aget(slug="row-1")
            return [(schema, mark) for mark in [*first, of(again.name)]]

    return asyncio.run(_gather(ask, asked))


def coroutine_threads(asked: list[str]) -> Seen:
    """As an async view hands work to threads of their own."""

    async def ask(schema: str) -> Seen:
        with schema_context(schema):
            found = await sync_to_async(_read_and_close, thread_sensitive=False)()
            return [(schema, mark) for mark in found]

    return asyncio.run(_gather(ask, asked))


async def _gather(ask: Callable[[str], Any], asked: list[str]) -> Seen:
    found = await asyncio.gather(*(ask(schema) for schema in asked))
    return [pair for part in found for pair in part]


def thread(schema: str) -> Iterable[str]:
    """A thread starts outside; it enters its workspace itself."""

    def work() -> list[str]:
        with schema_context(schema):
            return _read_and_close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def _read_and_close() -> list[str]:
    try:
        return names()
    finally:
        connection.close()


@shared_task(base=Job, bind=True, name="mixed.read", title="Read every row", repeats=True)
def read(self: Job, run: JobRun) -> list[str]:  # noqa: ARG001 -- a task is handed both
    return names()


def job(schema: str) -> Iterable[str]:
    """A job of the workspace, begun from outside of it, as a worker does."""
    with schema_context("public"):
        run = run_now(read.enqueue(by=None, schema_name=schema))
    return run.result or ["the job did not succeed"]


def page(schema: str) -> Iterable[str]:
    """Its list of experiences, through every middleware."""
    with schema_context("public"):
        answer = _browser(schema).get("/experiences/")
    text = answer.content.decode()
    if answer.status_code == HTTPStatus.BAD_REQUEST:
        # What Django makes of a connection that is lost while it saves the session.
        raise UpdateError
    if answer.status_code != HTTPStatus.OK:
        return [f"status {answer.status_code}"]
    return [other for other in schemas() if f"{other}:" in text]


def next_door(asked: list[str]) -> Seen:
    """Raw SQL of the first on the second's table: refused by the server, or a leak."""
    schema, other = asked
    try:
        with schema_context(schema), connection.cursor() as cursor:
            cursor.execute(f'SELECT name FROM "{other}".roblox_experience LIMIT 1')  # noqa: S608
            return [(schema, of(cursor.fetchone()[0]))]
    except ProgrammingError as error:
        if REFUSED not in str(error):
            raise
        return [(schema, schema)]


@cache
def schemas() -> tuple[str, ...]:
    """The workspaces of the load."""
    with schema_context("public"):
        found = Tenant.objects.filter(slug__startswith="load-").order_by("schema_name")
        return tuple(found.values_list("schema_name", flat=True))


_local = threading.local()


def _browser(schema: str) -> Client:
    """This thread's browser of the workspace's owner, signed in."""
    held: dict[str, Client] = _local.__dict__.setdefault("browsers", {})
    if schema not in held:
        tenant = Tenant.objects.get(schema_name=schema)
        client = Client(SERVER_NAME=tenant.host)
        client.force_login(User.objects.get(pk=tenant.created_by_id))
        session = client.session
        session[SESSION_WORKSPACE] = schema
        session.save()
        held[schema] = client
    return held[schema]
