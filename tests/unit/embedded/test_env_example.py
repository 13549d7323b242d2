"""`.env.example` names what `config/env.py` reads, and nothing else."""

import re
from pathlib import Path

from config.env import Env
from embedded.layout import ROOT

NAMES = re.findall(r"^([A-Z0-9_]+)=", Path(ROOT, ".env.example").read_text(), re.MULTILINE)


def test_every_name_is_described_once():
    assert sorted(NAMES) == sorted(name.upper() for name in Env.model_fields)


def test_it_holds_no_secret():
    text = Path(ROOT, ".env.example").read_text()
    secrets = ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "BLIND_INDEX_KEY", "PUSHER_SECRET")
    assert all(f"\n{name}=\n" in text for name in secrets)
