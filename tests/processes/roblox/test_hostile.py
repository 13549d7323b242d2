"""Whatever the bytes: an answer or a refusal, in seconds, within 256 MB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.roblox.files import FileRefused, read
from apps.roblox.files.binary.chunks import HEADER, MAGIC
from tests.processes.roblox.bombs import BOMBS
from tests.unit.roblox.files.material import SAMPLES, own_files

READER = "tests.processes.roblox.hostile_reader"
ROOT = Path(__file__).parents[3]
COPIES = 60


def outcomes(copies: int, *paths: Path) -> dict[str, int]:
    """What a process under hard limits made of the files."""
    done = subprocess.run(
        [sys.executable, "-m", READER, str(copies), *map(str, paths)],
        cwd=ROOT,
        # Measured for coverage, the process would outgrow the limits it is there to keep.
        env={name: value for name, value in os.environ.items() if "COVERAGE" not in name},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", own_files())
def test_damaged_own_files(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(own_files()[name])
    counts = outcomes(COPIES * 3, path)
    assert sum(counts.values()) == COPIES * 3
    assert len(counts) > 2


@pytest.mark.parametrize("name", SAMPLES)
def test_damaged_files(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(SAMPLES[name])
    counts = outcomes(COPIES, path)
    assert sum(counts.values()) == COPIES


@pytest.mark.parametrize("name", BOMBS)
def test_small_files_that_ask_for_much(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(BOMBS[name]())
    assert sum(outcomes(1, path).values()) == 1


@settings(max_examples=200, deadline=2000)
@given(tail=st.binary(max_size=400), filename=st.sampled_from(["a.rbxl", "a.rbxm", "a.rbxmx"]))
def test_noise_after_a_good_start(tail, filename):
    for head in (HEADER.pack(MAGIC, 0, 1, 1), b"<roblox version='4'>", b""):
        with suppress(FileRefused):
            assert read(head + tail, filename=filename).kind
