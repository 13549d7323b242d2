from __future__ import annotations

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from apps.audit.models import AuditEntry
from apps.audit.services import entries
from tests.factories.transactions import undo_after


def record(action="thing.done", schema_name="w_alpha", **about):
    with transaction.atomic():
        return entries.record(action=action, by=None, schema_name=schema_name, **about)


@pytest.fixture
def chain(db):
    return [record(data={"n": n}) for n in range(4)]


def broken():
    return [entry.sequence for entry in entries.broken(schema_name="w_alpha")]


def test_entries_are_numbered_in_each_workspace(chain):
    other = record(schema_name="w_beta")
    assert [entry.sequence for entry in chain] == [1, 2, 3, 4]
    assert (other.sequence, other.previous_hash) == (1, "")


def test_each_carries_the_hash_of_the_one_before(chain):
    assert [entry.previous_hash for entry in chain[1:]] == [entry.hash for entry in chain[:-1]]


def test_an_untouched_chain_holds(chain):
    assert broken() == []


@pytest.mark.parametrize(
    "change", [{"action": "thing.undone"}, {"actor_label": "x"}, {"data": {"n": 9}}]
)
def test_a_changed_entry_shows(chain, change):
    AuditEntry.objects.filter(pk=chain[1].pk).update(**change)
    assert broken() == [2]


def test_a_removed_entry_shows(chain):
    AuditEntry.objects.filter(pk=chain[1].pk).delete()
    assert broken() == [3]


def test_a_changed_entry_with_a_fresh_hash_shows_in_the_next(chain):
    chain[1].action = "thing.undone"
    chain[1].hash = entries.digest(chain[1])
    chain[1].save()
    assert broken() == [3]


def test_recording_takes_the_deeds_transaction(transactional_db):
    with pytest.raises(transaction.TransactionManagementError):
        entries.record(action="thing.done", by=None, schema_name="w_alpha")


def test_an_undone_deed_leaves_no_entry(db):
    with pytest.raises(RuntimeError):
        undo_after(record)
    assert not AuditEntry.objects.exists()


def test_the_command_says_that_all_is_well(chain, capsys):
    call_command("audit", "verify")
    assert "w_alpha: intact" in capsys.readouterr().out


def test_the_command_fails_when_it_is_not(chain, capsys):
    AuditEntry.objects.filter(pk=chain[1].pk).update(action="x")
    with pytest.raises(CommandError, match="1 audit entries"):
        call_command("audit", "verify", workspace="w_alpha")


def test_search_finds_by_action_person_and_thing(db):
    record("release.created", label="1.2.0")
    found = AuditEntry.objects.search
    assert [found(words).count() for words in ("release", "system", "1.2", "nothing")] == [
        1,
        1,
        1,
        0,
    ]


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_make_one_chain():
    def write():
        try:
            for _ in range(5):
                record()
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert AuditEntry.objects.filter(schema_name="w_alpha").count() == 20
    assert broken() == []
