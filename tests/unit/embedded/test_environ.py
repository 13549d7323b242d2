import pytest

from embedded import environ
from embedded.faults import Fault
from embedded.layout import Layout

OUTSIDE = ("DATABASE_URL", "REDIS_URL", "ROBLOX_API_URL", "HOST", "PORT", "PUBLIC_URL")


@pytest.fixture
def layout(tmp_path, monkeypatch):
    for name in OUTSIDE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TOOLBOXAI_LOCAL_DIR", str(tmp_path))
    made = Layout.of("dev")
    made.prepare()
    return made


def test_nothing_given_means_everything_is_ours(layout):
    given = environ.Given.from_process()
    assert (given.database, given.redis, given.roblox) == ("", "", "")
    assert given.public_url == "http://localhost:8000"


def test_an_empty_name_counts_as_not_given(layout, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("PORT", "")
    assert environ.Given.from_process() == environ.Given.from_process()
    assert environ.Given.from_process().port == "8000"


def test_the_port_shows_in_every_address(layout, monkeypatch):
    monkeypatch.setenv("PORT", "8010")
    given = environ.Given.from_process()
    names = environ.addresses(layout, given)
    assert names["PUBLIC_URL"] == "http://localhost:8010"
    assert names["PUSHER_URL"] == "http://127.0.0.1:8010"


def test_a_given_public_url_is_kept(layout, monkeypatch):
    monkeypatch.setenv("PUBLIC_URL", "https://school.example")
    assert environ.Given.from_process().public_url == "https://school.example"


def test_our_environment_wins_over_the_file(layout, monkeypatch):
    layout.env_file.write_text("DATABASE_URL=postgresql://file/x\nOWN=file\n")
    monkeypatch.setenv("DATABASE_URL", "postgresql://outside/x")
    whole = environ.compose(layout)
    assert (whole["DATABASE_URL"], whole["OWN"]) == ("postgresql://outside/x", "file")


def test_an_empty_name_does_not_hide_the_file(layout, monkeypatch):
    layout.env_file.write_text("REDIS_URL=redis://file/0\n")
    monkeypatch.setenv("REDIS_URL", "")
    assert environ.compose(layout)["REDIS_URL"] == "redis://file/0"


def test_what_is_given_is_never_written_down(layout, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:theirs@outside/x")
    environ.complete_file(layout)
    environ.compose(layout)
    assert "theirs" not in layout.env_file.read_text()


def test_lost_keys_of_an_existing_database_are_not_made_anew(layout):
    (layout.home / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(Fault, match="FIELD_ENCRYPTION_KEYS") as caught:
        environ.complete_file(layout)
    assert "make reset" in caught.value.remedy
    assert not layout.env_file.exists()
