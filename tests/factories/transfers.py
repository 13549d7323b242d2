"""A workspace with something of everything in it, and files made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import transaction

from apps.audit.services import entries as audit
from apps.media.services import blobs
from apps.roblox.models import Artifact, Deployment, Environment, Experience, Finding, Release
from apps.transfers.models import Import
from apps.transfers.services import exports, imports

KEY = "open-cloud-key-of-volcano-lab"
# More digits than any part of a UUID has: nothing else holds it by chance.
PLACE_ID = 7_001_700_170_017


def fill(tenant: Any, by: Any) -> Experience:
    """An experience with a key, a release of a stored file, a finding and a deployment."""
    with tenant:
        experience = Experience.objects.create(
            name="Volcano\tLab \\ Tomás", slug="volcano", universe_id=77,
            created_by_id=by.pk, created_by_label=by.email,
        )  # fmt: skip
        staging = Environment.objects.create(
            experience=experience, kind="staging", place_id=PLACE_ID, api_key=KEY, key_state="ok",
            key_scopes=["universe-places:write"],
        )  # fmt: skip
        blob = blobs.store(content=f"place of {tenant.slug}".encode())
        artifact = Artifact.objects.create(
            blob=blob, filename="lab.rbxl", kind="place", format="binary", instance_count=3,
            script_count=1, tree=[{"name": "Wörk\nspace"}],
        )  # fmt: skip
        release = Release.objects.create(
            experience=experience, version="1.0.0", major=1, minor=0, patch=0, artifact=artifact,
            notes="Kinder wording,\nby Tomás.", state="ready", scanned_at="2026-01-02T03:04:05Z",
            created_by_id=by.pk, created_by_label=by.email,
        )  # fmt: skip
        Finding.objects.create(
            release=release, rule="loadstring", severity="high", rank=1, path="Main", line=3,
            message="Runs text as code", excerpt="loadstring(x)",
        )  # fmt: skip
        deployment = Deployment.objects.create(
            release=release, environment=staging, kind="deploy", state="running",
            run_id="01a20000-0000-7000-8000-000000000000", started_by_id=by.pk,
            started_by_label=by.email,
        )  # fmt: skip
        deployment.steps.create(position=1, name="check", title="Check", state="running")
        with transaction.atomic():
            audit.record(action="experience.created", by=by, target=experience)
            audit.record(action="release.created", by=None, target=release)
    return experience


def export_file(tenant: Any, path: Path, **wishes: Any) -> Path:
    exports.write_now(tenant=tenant, path=path, by=None, **wishes)
    return path


def take_in(path: Path, **wishes: Any) -> Import:
    """Import here, as the command does; the record says how it ended."""
    from apps.jobs.task import run_now

    record, run = imports.plan_now(source=path, **wishes)
    run_now(run)
    record.refresh_from_db()
    return record
