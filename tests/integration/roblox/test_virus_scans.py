"""An infected file is blocked, shown, and goes nowhere; without a verdict nothing is released."""

from __future__ import annotations

import socket

import pytest

from apps.gateway.services import api_keys
from apps.jobs.models import JobRun
from apps.media.models import Blob
from apps.roblox.services import deployments
from tests.factories.roblox import carry_out, make_experience, make_release
from tests.fixtures.clamd import EICAR, LONGEST_STREAM, SIGNATURE, stand_in

PAGE = "/experiences/volcano-lab/releases/1.0.0/"
VIRUS = f"-- {EICAR.decode()}"


@pytest.fixture
def lab(roblox, in_alpha, owner):
    return make_experience(roblox, owner)


@pytest.fixture
def scanner(settings):
    with stand_in() as server:
        settings.CLAMAV_URL = server.url
        yield server


@pytest.fixture
def no_scanner(settings):
    """Its address, at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.CLAMAV_URL = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        yield


def scan_run(release) -> JobRun:
    return JobRun.objects.get(name="roblox.scan_release", arguments__release_id=str(release.pk))


def test_a_virus_blocks_and_the_finding_names_it(lab, owner, scanner):
    release = make_release(lab, "1.0.0", owner, VIRUS)
    assert release.state == "blocked"
    finding = release.findings.get()
    assert (finding.rule, finding.severity, finding.path) == ("virus", "critical", "lab.rbxlx")
    assert SIGNATURE in finding.message


def test_a_clean_file_is_ready(lab, owner, scanner, browse):
    assert make_release(lab, "1.0.0", owner).state == "ready"
    assert "Clean" in browse(owner).get(PAGE).text


def test_the_page_says_infected_and_offers_no_download(lab, owner, scanner, browse):
    make_release(lab, "1.0.0", owner, VIRUS)
    shown = browse(owner).get(PAGE).text
    assert "Infected" in shown
    assert "Download" not in shown
    assert "Infected" in browse(owner).get(PAGE + "state/").text
    assert browse(owner).get(PAGE + "artifact/").status_code == 403


def test_the_page_says_not_scanned(lab, owner, browse):
    make_release(lab, "1.0.0", owner)
    shown = browse(owner).get(PAGE).text
    assert "Not scanned" in shown
    assert "Download" in shown


def test_the_api_tells_and_refuses_the_file(lab, owner, alpha, scanner, browse):
    release = make_release(lab, "1.0.0", owner, VIRUS)
    _, secret = api_keys.create(tenant=alpha, name="CI", scopes=["releases.view"], by=owner)
    headers = {"authorization": f"Bearer {secret}"}
    address = f"/api/v1/releases/{release.pk}/"
    shown = browse(None).get(address, headers=headers).json()
    assert shown["artifact"]["virus_scan"] == "infected"
    refused = browse(None).get(address + "artifact/", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "blob_infected")


def test_an_unreachable_scanner_is_tried_again(lab, owner, no_scanner):
    release = make_release(lab, "1.0.0", owner)
    assert release.state == "scanning"
    assert scan_run(release).state == "queued"
    assert "Trying again" in scan_run(release).message


def test_a_scanner_that_stays_away_blocks(lab, owner, no_scanner, monkeypatch):
    monkeypatch.setattr("apps.roblox.tasks.scan_release.max_attempts", 1)
    release = make_release(lab, "1.0.0", owner)
    assert release.state == "blocked"
    assert "could not be reached" in release.findings.get(rule="scan_failed").message


def test_a_file_beyond_the_scanners_limits_blocks_at_once(lab, owner, scanner):
    release = make_release(lab, "1.0.0", owner, "x" * LONGEST_STREAM)
    assert release.state == "blocked"
    assert "StreamMaxLength" in release.findings.get(rule="scan_failed").message


def test_a_file_found_infected_later_is_not_published(lab, owner, roblox):
    release = make_release(lab, "1.0.0", owner)
    Blob.objects.update(scan_state="infected", scan_detail=SIGNATURE)
    deployment = carry_out(deployments.stage(release=release, by=owner))
    assert deployment.state == "failed"
    assert deployment.error["code"] == "blob_infected"
    assert roblox.place(deployment.environment.place_id)["versions"] == []
