import os

import pytest

from embedded.faults import Fault
from embedded.layout import Layout


def layout_in(folder, monkeypatch, profile="dev"):
    monkeypatch.setenv("TOOLBOXAI_LOCAL_DIR", str(folder))
    return Layout.of(profile)


def test_tests_live_apart(tmp_path, monkeypatch):
    assert layout_in(tmp_path, monkeypatch, "test").home == tmp_path / "test"


def test_private_folders_are_closed(tmp_path, monkeypatch):
    layout = layout_in(tmp_path / "new", monkeypatch)
    layout.prepare()
    assert all(oct(path.stat().st_mode)[-3:] == "700" for path in (layout.run, layout.logs))


def test_a_file_in_the_way_is_a_fault(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(Fault, match="cannot be written") as caught:
        layout_in(tmp_path / "file" / "local", monkeypatch).prepare()
    assert "TOOLBOXAI_LOCAL_DIR" in caught.value.remedy


def test_a_folder_that_is_not_ours_is_a_fault(tmp_path, monkeypatch):
    layout = layout_in(tmp_path, monkeypatch)
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(Fault, match="no permission"):
        layout.prepare()
