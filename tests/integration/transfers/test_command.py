"""`manage.py tenant export | import | clone | keys | keygen | trust`, as an operator types them."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from apps.audit.models import AuditEntry
from apps.transfers.models import SigningKey, TrustedKey
from apps.transfers.services import installation

pytestmark = pytest.mark.django_db


def tenant(*words):
    """What the command prints."""
    out = io.StringIO()
    call_command("tenant", *map(str, words), stdout=out)
    return out.getvalue()


def test_there_and_back_again_encrypted(filled, tmp_path):
    recipient = tenant("keygen", tmp_path / "key").strip()
    said = tenant("export", "alpha", tmp_path / "file", "--encrypt-to", recipient)
    assert "1 stored files" in said
    said = tenant("import", tmp_path / "file", "--slug", "gamma", "--key", tmp_path / "key")
    assert "http://gamma.localhost" in said
    assert "all hashes equal" in said
    assert "To do" not in said


def test_an_export_that_anybody_can_read_says_what_is_missing(filled, tmp_path):
    assert "Roblox keys are left out" in tenant("export", "alpha", tmp_path / "file")
    assert "To do: Enter the Open Cloud key" in tenant(
        "import", tmp_path / "file", "--slug", "gamma"
    )


def test_a_dry_run_lists_what_is_there(exported):
    said = tenant("import", exported, "--dry-run", "--slug", "gamma")
    assert "roblox.release" in said
    assert "Nothing was changed" in said


def test_a_clone_says_its_seed(filled):
    said = tenant("clone", "alpha", "sandbox-a", "--seed", "7", "--without-media")
    assert "The seed was 7." in said
    assert "0 stored files" in said


def test_another_installation_is_trusted_by_its_key(exported):
    ours = tenant("keys").strip()
    SigningKey.objects.all().delete()
    with pytest.raises(CommandError, match="--trust"):
        tenant("import", exported, "--slug", "gamma")
    tenant("trust", ours, "--name", "The old one")
    assert TrustedKey.objects.get().name == "The old one"
    assert "gamma" in tenant("import", exported, "--slug", "gamma")


def test_an_owner_is_added_and_invited(exported):
    tenant("import", exported, "--slug", "gamma", "--owner", "new@school.example")
    entry = AuditEntry.objects.filter(schema_name="w_gamma", action="workspace.imported").get()
    assert entry.data["signer"] == installation.public_key()
    owners = {"new@school.example", "olivia@alpha.example"}
    members = tenant("show", "gamma")
    assert all(owner in members for owner in owners)


def test_a_key_is_never_written_over(tmp_path):
    tenant("keygen", tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    with pytest.raises(CommandError, match="exists"):
        tenant("keygen", tmp_path / "key")


@pytest.mark.parametrize(
    "words",
    [
        ("export", "nobody", "/tmp/x"),  # noqa: S108
        ("import", "/nowhere/file"),
        ("import", "/nowhere/file", "--key", "/nowhere/key"),
        ("clone", "alpha", "alpha"),
        ("clone", "alpha", "sandbox-a", "--owner", "nobody@school.example"),
        ("trust", "ed25519:short"),
    ],
)
def test_refusals_are_sentences(alpha, words):
    with pytest.raises(CommandError, match=r"\.$"):
        tenant(*words)
