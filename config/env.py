"""The only reader of the environment.

`load()` returns one validated `Env`. Names come from the process environment first,
then from the file the embedded services write (`<local>/env`), which production never
reads. Every missing or bad name is reported at once, in one `BadEnvironment`.
"""

from __future__ import annotations

import base64
import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from stdnum import iban
from stdnum.eu import vat

BASE_DIR = Path(__file__).resolve().parent.parent
MIN_SECRET_LENGTH = 40
MIN_DISTINCT = 10
MIN_PUSHER_SECRET = 16
MIN_METRICS_TOKEN = 24
# Standard Webhooks 1.0 asks for 24 to 64 random bytes.
WEBHOOK_SECRET_BYTES = range(24, 65)
KEY_BYTES = 32
MAX_PORT = 65536
SELLER_REQUIRED = (
    "SELLER_NAME", "SELLER_LINE1", "SELLER_POSTAL_CODE", "SELLER_CITY", "SELLER_COUNTRY",
    "SELLER_VAT_ID", "SELLER_EMAIL", "SELLER_IBAN",
)  # fmt: skip


class BadEnvironment(Exception):
    """The environment cannot run the product; the message lists every problem."""


def local_dir() -> Path:
    """Where the embedded services keep their data (`TOOLBOXAI_LOCAL_DIR`, else `.local`)."""
    return Path(os.environ.get("TOOLBOXAI_LOCAL_DIR", BASE_DIR / ".local")).absolute()


def decode_key(value: str) -> bytes:
    """A base64 key of 32 bytes; raises ValueError for anything else."""
    raw = base64.b64decode(value, validate=True)
    if len(raw) != KEY_BYTES:
        message = f"a key must be {KEY_BYTES} bytes in base64, this one has {len(raw)}"
        raise ValueError(message)
    return raw


def parse_keyring(value: str) -> dict[str, bytes]:
    """`k1:<base64>,k0:<base64>` to a mapping in that order; the first key encrypts."""
    keyring = {}
    for item in value.split(","):
        name, _, key = item.strip().partition(":")
        if not name or not key:
            message = "write keys as name:base64, separated by commas"
            raise ValueError(message)
        keyring[name] = decode_key(key)
    return keyring


def parse_webhook_secrets(value: str) -> list[str]:
    """`whsec_<base64>,whsec_<base64>` to a list; raises ValueError for anything else."""
    secrets = [item.strip() for item in value.split(",") if item.strip()]
    for secret in secrets:
        mark, _, key = secret.partition("_")
        if mark != "whsec" or len(base64.b64decode(key, validate=True)) not in WEBHOOK_SECRET_BYTES:
            message = "must be whsec_ and 24 to 64 random bytes in base64"
            raise ValueError(message)
    return secrets


class Env(BaseSettings):
    """What the product needs to know from outside. Field names in capitals are the variables."""

    model_config = SettingsConfigDict(
        extra="ignore", case_sensitive=False, hide_input_in_errors=True
    )

    toolboxai_env: Literal["development", "test", "production"] = "development"
    debug: bool = False
    secret_key: SecretStr
    field_encryption_keys: SecretStr
    blind_index_key: SecretStr
    token_signing_keys: SecretStr
    database_url: SecretStr
    database_owner_url: SecretStr = SecretStr("")
    database_role_prefix: str = Field(default="toolboxai_", pattern=r"^[a-z][a-z0-9_]{0,15}_$")
    database_pool_size: int = Field(default=0, ge=0, le=100)
    fleet_pool_size: int | None = Field(default=None, ge=0, le=500)
    redis_url: SecretStr
    public_url: str = "http://localhost:8000"
    allowed_hosts: Annotated[list[str], NoDecode] = []
    dns_resolver: str = ""
    outgoing_networks_allowed: Annotated[list[str], NoDecode] = []
    pusher_app_id: str = Field(pattern=r"^\d+$")
    pusher_key: str = Field(min_length=1)
    pusher_secret: SecretStr
    pusher_url: str = "http://127.0.0.1:8000"
    pusher_cluster: str = ""
    roblox_api_url: str = "https://apis.roblox.com"
    sandbox_url: str = ""
    google_client_id: str = ""
    google_client_secret: SecretStr = SecretStr("")
    github_client_id: str = ""
    github_client_secret: SecretStr = SecretStr("")
    roblox_client_id: str = ""
    roblox_client_secret: SecretStr = SecretStr("")
    roblox_issuer: str = "https://apis.roblox.com/oauth"
    oidc_name: str = Field(default="Single sign-on", min_length=1, max_length=40)
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    stripe_secret_key: SecretStr = SecretStr("")
    stripe_api_url: str = "https://api.stripe.com"
    payments_approval_over: int = Field(default=20_000, ge=0)
    seller_name: str = Field(default="ToolBoxAI Development GmbH", min_length=1, max_length=100)
    seller_line1: str = Field(default="Beispielstraße 1", min_length=1, max_length=100)
    seller_line2: str = Field(default="", max_length=100)
    seller_postal_code: str = Field(default="10115", min_length=1, max_length=20)
    seller_city: str = Field(default="Berlin", min_length=1, max_length=60)
    seller_country: str = Field(default="DE", pattern=r"^[A-Z]{2}$")
    seller_vat_id: str = "DE123456788"
    seller_tax_number: str = Field(default="", max_length=40)
    seller_register: str = Field(default="", max_length=100)
    seller_email: str = Field(default="billing@localhost", pattern=r"^[^@\s]+@[^@\s]+$")
    seller_phone: str = Field(default="", max_length=40)
    seller_iban: str = "DE89370400440532013000"
    seller_bic: str = Field(default="", pattern=r"^([A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?)?$")
    sendgrid_api_key: SecretStr = SecretStr("")
    sendgrid_webhook_key: str = ""
    sendgrid_api_url: str = "https://api.sendgrid.com"
    mail_smtp_url: SecretStr = SecretStr("")
    default_from_email: str = "ToolBoxAI <hello@localhost>"
    mail_outbox_dir: Path | None = None
    media_dir: Path | None = None
    transfers_dir: Path | None = None
    supabase_s3_endpoint: str = ""
    supabase_s3_bucket: str = ""
    supabase_s3_access_key: SecretStr = SecretStr("")
    supabase_s3_secret_key: SecretStr = SecretStr("")
    supabase_s3_region: str = "us-east-1"
    embeddings_api_url: str = ""
    embeddings_api_key: SecretStr = SecretStr("")
    embeddings_model: str = "text-embedding-3-small"
    embeddings_dimensions: int = Field(default=0, ge=0, le=1536)
    langcache_api_url: str = ""
    langcache_cache_id: str = Field(default="", pattern=r"^[A-Za-z0-9_-]*$")
    langcache_api_key: SecretStr = SecretStr("")
    semantic_cache_threshold: float = Field(default=0, ge=0, le=1)
    sentry_dsn: str = ""
    clamav_url: str = ""
    impersonation_minutes: int = Field(default=30, ge=1, le=480)
    impersonation_tells_owners: bool = True
    demo_password: SecretStr = SecretStr("")
    operator_password: SecretStr = SecretStr("")
    operator_webhook_url: str = ""
    operator_webhook_secret: SecretStr = Field(default=SecretStr(""), validate_default=True)
    metrics_token: SecretStr = SecretStr("")
    process_alive_file: Path | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    @field_validator("allowed_hosts", "outgoing_networks_allowed", mode="before")
    @classmethod
    def split_hosts(cls, value: object) -> object:
        return (
            [h.strip() for h in value.split(",") if h.strip()] if isinstance(value, str) else value
        )

    @field_validator("outgoing_networks_allowed")
    @classmethod
    def check_networks(cls, value: list[str]) -> list[str]:
        return [str(ipaddress.ip_network(network)) for network in value]

    @field_validator("field_encryption_keys", "token_signing_keys")
    @classmethod
    def check_keyring(cls, value: SecretStr) -> SecretStr:
        parse_keyring(value.get_secret_value())
        return value

    @field_validator("blind_index_key")
    @classmethod
    def check_key(cls, value: SecretStr) -> SecretStr:
        decode_key(value.get_secret_value())
        return value

    @field_validator("database_url")
    @classmethod
    def check_database(cls, value: SecretStr) -> SecretStr:
        return _with_scheme(value, "postgres", "postgresql")

    @field_validator("database_owner_url")
    @classmethod
    def check_owner(cls, value: SecretStr) -> SecretStr:
        empty = not value.get_secret_value()
        return value if empty else _with_scheme(value, "postgres", "postgresql")

    @field_validator("redis_url")
    @classmethod
    def check_redis(cls, value: SecretStr) -> SecretStr:
        return _with_scheme(value, "redis", "rediss")

    @field_validator("seller_vat_id")
    @classmethod
    def check_vat_id(cls, value: str, info: ValidationInfo) -> str:
        # Numbers of countries outside the Union are taken as they stand.
        country = {"GR": "EL"}.get(info.data.get("seller_country", ""), value[:2])
        member = country.lower() in vat.MEMBER_STATES
        if value and member and not vat.is_valid(value):
            message = "is no valid VAT number; write it with its country, as DE123456788"
            raise ValueError(message)
        return vat.compact(value) if value and member else value

    @field_validator("seller_iban")
    @classmethod
    def check_iban(cls, value: str) -> str:
        if value and not iban.is_valid(value):
            message = "is no valid IBAN"
            raise ValueError(message)
        return str(iban.compact(value))

    @field_validator("clamav_url")
    @classmethod
    def check_clamav(cls, value: str) -> str:
        parts = urlsplit(value)
        tcp = parts.scheme == "tcp" and parts.hostname and parts.port != 0
        unix = parts.scheme == "unix" and parts.path and not parts.netloc
        if value and not tcp and not unix:
            message = "must read tcp://host:3310 or unix:///path"
            raise ValueError(message)
        return value

    @field_validator("dns_resolver")
    @classmethod
    def check_resolver(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not (host and port.isdigit() and 0 < int(port) < MAX_PORT):
            message = "must be an IP address and a port, such as 127.0.0.1:53"
            raise ValueError(message)
        return value

    @field_validator("operator_webhook_url")
    @classmethod
    def check_webhook(cls, value: str) -> str:
        # Not a character of it is changed: a slash at its end may matter to the receiver.
        if value:
            cls.check_url(value)
        return value

    @field_validator("operator_webhook_secret")
    @classmethod
    def check_webhook_secret(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        secrets = parse_webhook_secrets(value.get_secret_value())
        if info.data.get("operator_webhook_url") and not secrets:
            message = "missing; OPERATOR_WEBHOOK_URL is not called without a signature"
            raise ValueError(message)
        return value

    @field_validator("oidc_issuer", "embeddings_api_url", "langcache_api_url")
    @classmethod
    def check_optional_url(cls, value: str) -> str:
        return cls.check_url(value) if value else value

    @field_validator(
        "public_url",
        "pusher_url",
        "roblox_api_url",
        "roblox_issuer",
        "stripe_api_url",
        "sendgrid_api_url",
    )
    @classmethod
    def check_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = "must be a whole address such as https://example.com"
            raise ValueError(message)
        return value.rstrip("/")


def _with_scheme(value: SecretStr, *schemes: str) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in schemes or not parts.hostname:
        message = f"must start with {' or '.join(s + '://' for s in schemes)} and name a host"
        raise ValueError(message)
    return value


def _production_problems(raw: Mapping[str, str]) -> list[str]:
    """What production refuses, read from the raw names so that it is reported with the rest."""
    secret = raw.get("SECRET_KEY", "")
    rules = [
        (raw.get("DEBUG", "").lower() in {"1", "true", "yes", "on"}, "DEBUG: must be off"),
        (
            0 < len(secret) < MIN_SECRET_LENGTH or 0 < len(set(secret)) < MIN_DISTINCT,
            f"SECRET_KEY: too weak; use {MIN_SECRET_LENGTH} random characters or more",
        ),
        (not raw.get("PUBLIC_URL", "").startswith("https://"), "PUBLIC_URL: must be https://"),
        (
            0 < len(raw.get("PUSHER_SECRET", "")) < MIN_PUSHER_SECRET,
            f"PUSHER_SECRET: too weak; use {MIN_PUSHER_SECRET} random characters or more",
        ),
        (
            0 < len(raw.get("METRICS_TOKEN", "")) < MIN_METRICS_TOKEN,
            f"METRICS_TOKEN: too weak; use {MIN_METRICS_TOKEN} random characters or more",
        ),
        (
            not (raw.get("SENDGRID_API_KEY") or raw.get("MAIL_SMTP_URL")),
            "SENDGRID_API_KEY: missing; without it or MAIL_SMTP_URL no mail leaves",
        ),
        (
            "localhost" in raw.get("DEFAULT_FROM_EMAIL", "localhost"),
            "DEFAULT_FROM_EMAIL: must be an address of your own domain",
        ),
        (bool(raw.get("SANDBOX_URL")), "SANDBOX_URL: the sandbox has no place in production"),
        (
            bool(raw.get("OUTGOING_NETWORKS_ALLOWED")),
            "OUTGOING_NETWORKS_ALLOWED: customers' webhooks could reach into that network",
        ),
        (
            not (raw.get("OPERATOR_WEBHOOK_URL") or "https://").startswith("https://"),
            "OPERATOR_WEBHOOK_URL: must be https://",
        ),
        (
            not raw.get("CLAMAV_URL"),
            "CLAMAV_URL: missing; production takes no file without a virus scan",
        ),
    ]
    return [message for broken, message in rules if broken] + _seller_problems(raw)


def _seller_problems(raw: Mapping[str, str]) -> list[str]:
    """Whoever takes money says on the invoice who they are."""
    if not raw.get("STRIPE_SECRET_KEY"):
        return []
    return [
        f"{name}: missing; invoices must name who issues them"
        for name in SELLER_REQUIRED
        if not raw.get(name)
    ]


def _field_problems(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(str(part) for part in problem['loc']).upper()}: "
        f"{'missing' if problem['type'] == 'missing' else problem['msg']}"
        for problem in error.errors()
    ]


def load() -> Env:
    """The validated environment; raises `BadEnvironment` naming every problem at once."""
    production = os.environ.get("TOOLBOXAI_ENV") == "production"
    problems = _production_problems(os.environ) if production else []
    try:
        env = Env(_env_file=() if production else (local_dir() / "env",))
    except ValidationError as error:
        problems = _field_problems(error) + problems
    else:
        if not problems:
            return env
    hint = "" if production else "\nOn a development machine `make up` writes what is missing."
    listing = "\n".join(f"  - {problem}" for problem in problems)
    raise BadEnvironment(
        f"The environment cannot run the product:\n{listing}{hint}\n"
        "Every name is described in .env.example."
    )
