"""Which of npm's packages are fetched when."""

import pytest

from embedded import frontend
from embedded.layout import Layout


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "package-lock.json").write_text("{}")
    made = Layout(tmp_path, tmp_path / ".local", "dev")
    fetched = []
    monkeypatch.setattr(
        frontend, "npm", lambda _, *words: fetched.append("--omit=dev" not in words)
    )
    return made, fetched


def fetch(checkout, *wishes):
    layout, fetched = checkout
    for dev in wishes:
        frontend.install_packages(layout, dev=dev)
    return ["all" if whole else "for a build" for whole in fetched]


def test_a_build_fetches_what_it_needs_once(checkout):
    assert fetch(checkout, False, False) == ["for a build"]


def test_tests_fetch_the_rest(checkout):
    assert fetch(checkout, False, True) == ["for a build", "all"]


def test_all_of_them_are_enough_for_a_build(checkout):
    assert fetch(checkout, True, False, True) == ["all"]


def test_another_lock_file_fetches_anew(checkout):
    fetch(checkout, True)
    (checkout[0].root / "package-lock.json").write_text('{"name": "another"}')
    assert fetch(checkout, False) == ["all", "for a build"]
