"""Which recording of public's tables is believed."""

from __future__ import annotations

import pytest

from apps.fleet.services import fingerprints, snapshots

TEXT = """-- What it is.

-- marks.0001_first {first}
CREATE TABLE a (b text DEFAULT '-- none');
INSERT INTO django_migrations VALUES (1);

-- marks.0002_second {second}
DROP TABLE a;
"""


@pytest.fixture
def sources(monkeypatch, tmp_path):
    """Two migrations that are recorded, as the code has them."""
    found = {}
    for name in ("0001_first", "0002_second"):
        path = tmp_path / f"{name}.py"
        path.write_text(f"# {name}")
        found["marks", name] = path
    first, second = map(snapshots.hash_of, found.values())
    recording = tmp_path / "public.sql"
    recording.write_text(TEXT.format(first=first, second=second))
    monkeypatch.setattr(snapshots, "PATH", recording)
    monkeypatch.setattr(fingerprints, "sources", lambda: found)
    return found


def test_each_migration_has_its_statements(sources):
    first, second = snapshots.read()
    assert first.key == ("marks", "0001_first")
    assert first.statements.splitlines()[0] == "CREATE TABLE a (b text DEFAULT '-- none');"
    assert first.statements.splitlines()[-1].startswith("INSERT INTO django_migrations")
    assert second.statements == "DROP TABLE a;"
    assert snapshots.differences() == []


def test_a_changed_migration_makes_it_worthless(sources):
    sources["marks", "0001_first"].write_text("# otherwise")
    assert snapshots.differences() == ["marks.0001_first has changed since it was recorded"]
    snapshots.lay(None)  # sends nothing


def test_so_does_one_that_is_gone(sources):
    del sources["marks", "0002_second"]
    assert snapshots.differences() == ["marks.0002_second is recorded, and gone from the code"]
    snapshots.lay(None)


def test_a_later_one_is_told(sources, tmp_path):
    sources["marks", "0003_third"] = tmp_path / "0003_third.py"
    assert snapshots.differences() == ["marks.0003_third is not recorded"]


def test_without_a_recording_there_is_nothing_to_lay(monkeypatch, tmp_path):
    monkeypatch.setattr(snapshots, "PATH", tmp_path / "none.sql")
    assert snapshots.read() == []
    snapshots.lay(None)
