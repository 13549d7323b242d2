from __future__ import annotations

import base64
import os

import pytest

from config import env

KEY = base64.b64encode(os.urandom(32)).decode()
GOOD = {
    "TOOLBOXAI_ENV": "production",
    "SECRET_KEY": "f3Kd9!qWz7_pLm" * 4,
    "FIELD_ENCRYPTION_KEYS": f"k2:{KEY},k1:{KEY}",
    "BLIND_INDEX_KEY": KEY,
    "TOKEN_SIGNING_KEYS": f"k1:{KEY}",
    "DATABASE_URL": "postgresql://app:pw@db.internal/toolboxai",
    "REDIS_URL": "rediss://:pw@redis.internal/0",
    "PUBLIC_URL": "https://toolboxai.example",
    "PUSHER_APP_ID": "7",
    "PUSHER_KEY": "key",
    "PUSHER_SECRET": "a-long-random-secret",
    "PUSHER_URL": "https://toolboxai.example",
    "SENDGRID_API_KEY": "SG.x",
    "DEFAULT_FROM_EMAIL": "hello@toolboxai.example",
    "CLAMAV_URL": "tcp://clamav:3310",
}


@pytest.fixture
def given(monkeypatch, tmp_path):
    """Load with exactly these names in the environment."""

    def load(**changes):
        for name in list(os.environ):
            if name in GOOD or name in {
                "DEBUG",
                "SANDBOX_URL",
                "LOG_FORMAT",
                "OUTGOING_NETWORKS_ALLOWED",
            }:
                monkeypatch.delenv(name)
        monkeypatch.setenv("TOOLBOXAI_LOCAL_DIR", str(tmp_path))
        for name, value in {**GOOD, **changes}.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return env.load()

    return load


def test_a_whole_environment_loads(given):
    assert given().public_url == "https://toolboxai.example"


def test_every_problem_is_reported_at_once(given):
    with pytest.raises(env.BadEnvironment) as caught:
        given(SECRET_KEY=None, DATABASE_URL="mysql://db", BLIND_INDEX_KEY="short", DEBUG="1")
    for name in ("SECRET_KEY", "DATABASE_URL", "BLIND_INDEX_KEY", "DEBUG"):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "true"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("PUBLIC_URL", "http://toolboxai.example"),
        ("PUSHER_SECRET", "short"),
        ("METRICS_TOKEN", "short"),
        ("SENDGRID_API_KEY", None),
        ("DEFAULT_FROM_EMAIL", None),
        ("SANDBOX_URL", "http://127.0.0.1:1"),
        ("OUTGOING_NETWORKS_ALLOWED", "127.0.0.0/8"),
        ("OUTGOING_NETWORKS_ALLOWED", "127.0.0.1/8"),
        ("OPERATOR_WEBHOOK_URL", "https://alerts.example/hook"),  # without a secret
        ("OPERATOR_WEBHOOK_URL", "http://alerts.example/hook"),
        ("OPERATOR_WEBHOOK_SECRET", "whsec_c2hvcnQ="),
        ("CLAMAV_URL", None),
        ("CLAMAV_URL", "clamav:3310"),
        ("CLAMAV_URL", "tcp://clamav:many"),
        ("CLAMAV_URL", "unix://run/clamd.sock"),
        ("FIELD_ENCRYPTION_KEYS", "k1:abc"),
        ("REDIS_URL", "http://redis"),
        ("SELLER_IBAN", "DE89370400440532013001"),
        ("SELLER_VAT_ID", "DE123456789"),
        ("SELLER_COUNTRY", "Germany"),
    ],
)
def test_production_refuses(given, name, value):
    with pytest.raises(env.BadEnvironment, match=name):
        given(**{name: value})


def test_no_secret_is_repeated_in_the_message(given):
    with pytest.raises(env.BadEnvironment) as caught:
        given(DATABASE_URL="mysql://app:hunter2@db/x", SECRET_KEY="hunter2")
    assert "hunter2" not in str(caught.value)


def test_production_does_not_read_the_local_file(given, tmp_path):
    (tmp_path / "env").write_text(f"SECRET_KEY={'f3Kd9!qWz7_pLm' * 4}\n")
    with pytest.raises(env.BadEnvironment, match="SECRET_KEY"):
        given(SECRET_KEY=None)


def test_development_falls_back_to_the_local_file(given, tmp_path):
    (tmp_path / "env").write_text("SECRET_KEY=from-the-file\n")
    loaded = given(TOOLBOXAI_ENV="development", SECRET_KEY=None)
    assert loaded.secret_key.get_secret_value() == "from-the-file"


def test_the_first_key_of_a_keyring_is_the_one_that_encrypts():
    assert list(env.parse_keyring(f"new:{KEY},old:{KEY}")) == ["new", "old"]


def test_whoever_takes_money_says_who_issues_the_invoices(given):
    with pytest.raises(env.BadEnvironment) as caught:
        given(STRIPE_SECRET_KEY="x")
    assert all(name in str(caught.value) for name in env.SELLER_REQUIRED)
    seller = dict.fromkeys(env.SELLER_REQUIRED, "x") | {
        "SELLER_COUNTRY": "FR",
        "SELLER_VAT_ID": "FR 40 303 265 045",
        "SELLER_EMAIL": "bills@toolboxai.example",
        "SELLER_IBAN": "FR14 2004 1010 0505 0001 3M02 606",
    }
    loaded = given(STRIPE_SECRET_KEY="x", **seller)
    assert loaded.seller_vat_id == "FR40303265045"
    assert loaded.seller_iban == "FR1420041010050500013M02606"
