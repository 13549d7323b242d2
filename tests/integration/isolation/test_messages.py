"""What really goes over the wire to PostgreSQL: every message names its workspace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.db import ProgrammingError, connection, transaction
from django_tenants.utils import schema_context

from apps.roblox.models import Experience
from benchmarks.mixed import deeds, load, rows
from tests.fixtures import wire
from tests.fixtures.wire import Talk

pytestmark = pytest.mark.django_db(transaction=True)
# What says itself where it belongs: a transaction's beginning, its end, and its savepoints.
CONTROL = re.compile(r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE SAVEPOINT)\b[^;]*")
# What follows its workspace in the transaction, since it must stand alone in its message.
COPY = re.compile(r"COPY\b[^;]*")
DEEDS = [kind.deed for kind in load.KINDS if kind.deed.__module__ == deeds.__name__]


@pytest.fixture
def talk(alpha) -> Iterator[Talk]:
    """What is said over the default connection, which begins anew."""
    about = connection.settings_dict
    before = about["HOST"], about["PORT"]
    connection.close()
    with wire.tapped(about["HOST"], int(about["PORT"])) as tap:
        about["HOST"], about["PORT"] = "127.0.0.1", tap.port
        yield tap.talk
        connection.close()
        about["HOST"], about["PORT"] = before


@pytest.fixture
def marked(alpha):
    with alpha:
        for number in range(1, rows.ROWS + 1):
            Experience.objects.create(
                name=f"{alpha.schema_name}:{number}", slug=f"row-{number}",
                universe_id=rows.FIRST_UNIVERSE + number, created_by_label=alpha.schema_name,
            )  # fmt: skip
    deeds.listen()
    yield alpha.schema_name
    deeds.listen_no_more()


# Receivers of the product's signals look up what belongs to all workspaces.
PUBLIC = re.compile(r'SET LOCAL search_path = "public"; SET LOCAL ROLE NONE; .*', re.DOTALL)


def strays(said: list[str], schema: str) -> list[str]:
    """Messages that do not say where they belong."""
    named = re.compile(
        rf'SET LOCAL search_path = "{schema}", "public"; SET LOCAL ROLE "\w+{schema}"; .*',
        re.DOTALL,
    )
    forms = (named, PUBLIC, CONTROL, COPY)
    return [query for query in said if not any(form.fullmatch(query) for form in forms)]


def test_every_message_names_its_workspace(talk, marked):
    connection.ensure_connection()
    talk.messages.clear()
    for deed in DEEDS:
        with schema_context(marked):
            assert set(deed(marked)) == {marked}, deed.__name__
        assert strays(talk.queries, marked) == [], deed.__name__
        # Nothing by the extended protocol, whose messages hold one statement: d, c, f are COPY's.
        assert talk.kinds <= {b"Q", b"d", b"c", b"f"}, deed.__name__
        talk.messages.clear()


def test_a_message_is_what_it_was_and_no_more_of_them(talk, alpha):
    """A new connection hears of no workspace; one query is one round trip; public is named too."""
    with alpha:
        connection.ensure_connection()
        assert [q for q in talk.queries if alpha.schema_name in q] == []
        talk.messages.clear()
        list(Experience.objects.all())
        assert talk.round_trips == 1
    talk.messages.clear()
    type(alpha).objects.count()
    (said,) = talk.queries
    assert said.startswith('SET LOCAL search_path = "public"; SET LOCAL ROLE NONE; SELECT')


def test_nothing_stays_on_the_connection(talk, alpha):
    """Whoever gets it next from a pooler finds it as it was."""
    question = "SELECT current_setting('search_path'), current_user"
    connection.ensure_connection()
    before = connection.connection.execute(question).fetchone()
    with alpha, transaction.atomic():
        list(Experience.objects.all())
    with alpha, suppress(ProgrammingError):
        connection.cursor().execute("SELECT * FROM nowhere")
    assert connection.connection.execute(question).fetchone() == before
