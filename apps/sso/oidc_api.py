"""The only module that speaks to issuers: OpenID Connect Core 1.0, the code flow with PKCE.

Issuers are named by customers, so every call goes through `core.external`.
"""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt

from apps.core import external
from apps.core.errors import VendorError
from apps.core.external import Reply, VendorRefused
from apps.core.outgoing import Timeouts
from apps.sso.errors import IssuerUnusable, SsoFailed

WELL_KNOWN = "/.well-known/openid-configuration"
PATIENCE = Timeouts(connect=4, read=6, write=6, total=10)
LARGEST = 256 * 1024
# Signatures that only the issuer can make. "none" and shared secrets are not among them.
ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
SECONDS_OF_DOUBT = 60  # how far two clocks may be apart
FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


@dataclass(frozen=True)
class Issuer:
    """What the issuer's discovery document says (OpenID Connect Discovery 1.0, section 3)."""

    name: str
    authorize_url: str
    token_url: str
    keys_url: str
    userinfo_url: str
    takes_secret_in_body: bool


@dataclass(frozen=True)
class Client:
    """Who we are to the issuer, and where it leads people back to."""

    client_id: str
    client_secret: str
    redirect_uri: str


def discover(issuer: str) -> Issuer:
    """Raises `IssuerUnusable` with what is wrong, in a sentence."""
    document = _read(issuer.rstrip("/") + WELL_KNOWN, "its discovery document")
    named = str(document.get("issuer", ""))
    if named.rstrip("/") != issuer.rstrip("/"):
        raise IssuerUnusable(
            f"The document at {issuer} says that the issuer is {named or 'nobody'}. Enter that "
            "address instead, if it is the right one."
        )
    wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if absent := [name for name in wanted if not isinstance(document.get(name), str)]:
        raise IssuerUnusable(f"The issuer's document does not name its {', '.join(absent)}.")
    if urlsplit(document["authorization_endpoint"]).scheme not in _schemes(issuer):
        raise IssuerUnusable("The issuer's page for signing in is not on https.")
    methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Issuer(
        named, document["authorization_endpoint"], document["token_endpoint"],
        document["jwks_uri"], str(document.get("userinfo_endpoint") or ""),
        # pragma: allowlist nextline secret
        takes_secret_in_body="client_secret_basic" not in methods,
    )  # fmt: skip


def address(
    issuer: Issuer, client: Client, *, state: str, nonce: str, challenge: str, hint: str
) -> str:
    """Where the browser goes. `challenge` is the S256 one (RFC 7636), `hint` an e-mail or empty."""
    query = {
        "response_type": "code", "client_id": client.client_id, "scope": "openid email profile",
        "redirect_uri": client.redirect_uri, "state": state, "nonce": nonce,
        "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    query |= {"login_hint": hint} if hint else {}
    joint = "&" if "?" in issuer.authorize_url else "?"
    return f"{issuer.authorize_url}{joint}{urlencode(query)}"


def redeem(issuer: Issuer, client: Client, *, code: str, verifier: str, nonce: str) -> Any:
    """The claims of whoever the code stands for, verified (Core, 3.1.3.7), with those that the
    userinfo adds. Raises `SsoFailed`, `IssuerUnusable`.
    """
    try:
        answer = _json(_ask_for_token(issuer, client, code, verifier), "the exchange of the code")
    except VendorRefused as refusal:
        raise SsoFailed(_why_refused(refusal)) from refusal
    except VendorError as error:
        raise IssuerUnusable(error.detail) from error
    claims = verify(issuer, str(answer.get("id_token", "")), client.client_id, nonce)
    if not claims.get("email") and issuer.userinfo_url:
        claims = {**_userinfo(issuer, str(answer.get("access_token", "")), claims), **claims}
    return claims


def verify(issuer: Issuer, token: str, client_id: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token; raises `SsoFailed` when it is not the issuer's, not for us, too
    old, or not the one asked for.
    """
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise SsoFailed("The issuer signs in a way that is not taken here. Choose RS256.")
        key = _key(issuer, header.get("kid"))
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[header["alg"]], audience=client_id, issuer=issuer.name,
            leeway=SECONDS_OF_DOUBT, options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError) as error:
        raise SsoFailed(f"The issuer's answer does not hold: {error}.") from error
    if not hmac.compare_digest(str(claims.get("nonce", "")), nonce):
        raise SsoFailed("The issuer's answer belongs to another attempt. Start again.")
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    authorised = claims.get("azp")
    if authorised not in {None, client_id} or (len(audience) > 1 and authorised is None):
        raise SsoFailed("The issuer's answer is meant for another program.")
    return claims


def try_keys(issuer: Issuer) -> int:
    """How many usable keys the issuer publishes; raises `IssuerUnusable` when none."""
    found = _keys(issuer)
    if not found:
        raise IssuerUnusable("The issuer publishes no key that could sign its answers.")
    return len(found)


def try_client(issuer: Issuer, client: Client) -> None:
    """Whether the issuer knows client id and secret: a made-up code has to be refused as such, and
    not the client. Raises `IssuerUnusable`.
    """
    try:
        _ask_for_token(issuer, client, "made-up", "made-up")
    except VendorRefused as refusal:
        error = _body(refusal.reply).get("error", "")
        if error in {"invalid_client", "unauthorized_client"} or refusal.reply.status == 401:  # noqa: PLR2004
            raise IssuerUnusable(
                "The issuer does not know this client id with this secret. Copy both once more."
            ) from refusal
    except VendorError as failure:
        raise IssuerUnusable(failure.detail) from failure


def _ask_for_token(issuer: Issuer, client: Client, code: str, verifier: str) -> Reply:
    form = {
        "grant_type": "authorization_code", "code": code, "code_verifier": verifier,
        "redirect_uri": client.redirect_uri,
    }  # fmt: skip
    headers = dict(FORM)
    if issuer.takes_secret_in_body:
        form |= {"client_id": client.client_id, "client_secret": client.client_secret}
    else:  # RFC 6749, 2.3.1: both are form-encoded first
        pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return external.request(
        "POST", issuer.token_url, headers=headers, content=urlencode(form).encode(),
        timeout=PATIENCE, largest=LARGEST,
    )  # fmt: skip


def _userinfo(issuer: Issuer, token: str, claims: dict[str, Any]) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
    told = _read(issuer.userinfo_url, "the userinfo", headers)
    if told.get("sub") != claims["sub"]:  # Core, 5.3.2
        raise SsoFailed("The issuer speaks of two different people. Start again.")
    return told


def _key(issuer: Issuer, key_id: Any) -> Any:
    keys = _keys(issuer)
    for key in keys:
        if key.key_id == key_id or (key_id is None and len(keys) == 1):
            return key.key
    raise SsoFailed("The issuer signed with a key that it does not publish.")


def _keys(issuer: Issuer) -> list[Any]:
    document = _read(issuer.keys_url, "its keys")
    try:
        found = jwt.PyJWKSet.from_dict(document).keys
    except jwt.PyJWTError as error:
        raise IssuerUnusable(f"The issuer's keys cannot be read: {error}.") from error
    return [key for key in found if key.public_key_use in {None, "sig"}]


def _read(url: str, what: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    try:
        reply = external.request("GET", url, headers=headers, timeout=PATIENCE, largest=LARGEST)
    except VendorRefused as refusal:
        raise IssuerUnusable(
            f"The issuer does not show {what}: {url} answers {refusal.reply.status}."
        ) from refusal
    except VendorError as error:
        raise IssuerUnusable(error.detail) from error
    return _json(reply, what)


def _json(reply: Reply, what: str) -> dict[str, Any]:
    found = _body(reply)
    if not found:
        raise IssuerUnusable(f"What the issuer gives for {what} is not a JSON document.")
    return found


def _body(reply: Reply) -> dict[str, Any]:
    try:
        found = json.loads(reply.content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _why_refused(refusal: VendorRefused) -> str:
    body = _body(refusal.reply)
    said = str(body.get("error_description") or body.get("error") or refusal.reply.status)
    return f"The issuer did not take the answer back: {said[:150]}."


def _schemes(issuer: str) -> set[str]:
    """Plain http only where the issuer itself is allowed to be on it."""
    return {"https"} if issuer.startswith("https:") else {"https", "http"}
