import base64
import stat

import pytest

from embedded import credentials


def test_every_secret_is_generated(tmp_path):
    held = credentials.complete(tmp_path / "env")
    assert set(held) == set(credentials.GENERATED)
    assert all(held.values())


def test_the_file_is_closed_to_others(tmp_path):
    credentials.complete(tmp_path / "env")
    assert stat.S_IMODE((tmp_path / "env").stat().st_mode) == 0o600


def test_an_opened_file_is_closed_again(tmp_path):
    credentials.complete(tmp_path / "env")
    (tmp_path / "env").chmod(0o644)
    credentials.complete(tmp_path / "env")
    assert stat.S_IMODE((tmp_path / "env").stat().st_mode) == 0o600


def test_values_that_are_there_stay(tmp_path):
    (tmp_path / "env").write_text("# mine\nSECRET_KEY=kept=as is\nOWN=1\n")
    held = credentials.complete(tmp_path / "env")
    assert (held["SECRET_KEY"], held["OWN"]) == ("kept=as is", "1")
    assert credentials.read(tmp_path / "env") == held


def test_an_empty_value_counts_as_missing(tmp_path):
    (tmp_path / "env").write_text("BLIND_INDEX_KEY=\n")
    assert credentials.complete(tmp_path / "env")["BLIND_INDEX_KEY"]


def test_two_machines_share_no_secret(tmp_path):
    one, other = (credentials.complete(tmp_path / name) for name in "ab")
    assert not set(one.values()) & set(other.values())


def test_encryption_keys_are_32_bytes(tmp_path):
    held = credentials.complete(tmp_path / "env")
    name, _, key = held["FIELD_ENCRYPTION_KEYS"].partition(":")
    assert name == "k1"
    assert len(base64.b64decode(key, validate=True)) == 32
    assert len(base64.b64decode(held["BLIND_INDEX_KEY"], validate=True)) == 32


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    credentials.complete(tmp_path / "env")
    before = (tmp_path / "env").read_text()

    def refuse(_fd):
        raise OSError("no space")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="no space"):
        credentials.update(tmp_path / "env", {"NEW": "1"})
    assert (tmp_path / "env").read_text() == before
