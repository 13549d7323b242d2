"""Secrets, cookies, transport, content security policy."""

from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from config.env import decode_key, parse_keyring

from .environment import ENV, PUBLIC, PUBLIC_HOST

SECRET_KEY = ENV.secret_key.get_secret_value()
FIELD_ENCRYPTION_KEYS = parse_keyring(ENV.field_encryption_keys.get_secret_value())
BLIND_INDEX_KEY = decode_key(ENV.blind_index_key.get_secret_value())

# Customers' own domains are rows, so no list can name them here. WorkspaceMiddleware is the gate:
# a host that is neither below nor a verified domain of a workspace gets a page that says so, before
# any session, form or mail.
ALLOWED_HOSTS = ["*"]
PUBLIC_HOSTS = frozenset({PUBLIC_HOST, *ENV.allowed_hosts})
if ENV.toolboxai_env != "production":
    PUBLIC_HOSTS |= {"127.0.0.1", "[::1]"}
_port = f":{PUBLIC.port}" if PUBLIC.port else ""
CSRF_TRUSTED_ORIGINS = [
    f"{PUBLIC.scheme}://{PUBLIC_HOST}{_port}",
    f"{PUBLIC.scheme}://*.{PUBLIC_HOST}{_port}",
]

# A storage that gives out links itself: the button for an export leads there.
_files = urlsplit(ENV.supabase_s3_endpoint)
_storage = [f"{_files.scheme}://{_files.netloc}"] if _files.netloc else []

_tls = PUBLIC.scheme == "https"
SECURE_SSL_REDIRECT = _tls
# The proxy asks this over plain HTTP, before there is a certificate.
SECURE_REDIRECT_EXEMPT = [r"^internal/tls/ask$"]
SECURE_HSTS_SECONDS = 31_536_000 if _tls else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _tls
SECURE_HSTS_PRELOAD = _tls
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _tls else None
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

# Cookies stay on their own host: a workspace never sees another's session.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _tls
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if _tls else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _tls else "csrf"
DEVICE_COOKIE_NAME = "__Host-device" if _tls else "device"

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/operator/"],
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF, "ws:" if not _tls else "wss:"],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # Browsers hold a form's redirects to this too: entering a workspace changes the host.
        "form-action": [
            SELF,
            f"{PUBLIC.scheme}://{PUBLIC_HOST}{_port}",
            f"{PUBLIC.scheme}://*.{PUBLIC_HOST}{_port}",
            *_storage,
        ],
    },
}
