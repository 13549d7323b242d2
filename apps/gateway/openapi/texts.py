"""What each group of operations is for, in the order in which one gets to know them."""

from __future__ import annotations

from typing import Any, Final

TAGS: Final = {
    "tokens": "Short-lived access tokens for apps, and refreshing them.",
    "sessions": "Where one is signed in; each session can be ended.",
    "api-keys": "Keys for scripts: made, changed, rotated, revoked, and what they are used for.",
    "me": "Who the caller is here and what they may do.",
    "experiences": "Experiences on Roblox, each with a staging and a production environment.",
    "releases": "Place files with a version: uploaded, read, scanned, ready to be deployed.",
    "deployments": "Releases on their way to staging and production, and back.",
    "jobs": "What runs in the background: how far it is, how it ended; stopped and run again.",
    "webhooks": "Addresses that are told of events, and what was delivered to them.",
    "realtime-apps": "Apps of your own at the realtime endpoint, with keys and secrets.",
    "events": "What happened in the workspace, for programs and pages that were not connected.",
    "usage": "What the workspace uses, and how near its limits are.",
    "classes": "Classes and the code their pupils sign in with.",
    "pupils": "Pupils without an e-mail address, kept by their teachers.",
    "guardians": "People who look after a pupil.",
    "members": "Who belongs to the workspace, and as what.",
    "invitations": "People who are asked to join.",
    "invitation-links": "Links that let people join with a role, for a time or a number of times.",
    "roles": "The roles there are, and roles of a workspace's own.",
    "billing": "The plan, what it costs, and all that is done with the subscription.",
    "invoices": "What was billed: to read, and to download as PDF and XML.",
    "credit-notes": "What was taken back of invoices.",
    "payment-problems": "What is unpaid, what happened about it, what follows and what ends it.",
    "payments": "What was paid, what failed and why, and what was given back.",
    "workspace": "The workspace itself: its settings, their versions, its domains.",
    "sender-domains": "Domains of the workspace's own that its mail comes from.",
    "mail-suppressions": "Addresses that the workspace's mail does not go to any more.",
    "mails": "The workspace's mail: to whom, and what became of it.",
    "schools": "The schools of a district.",
    "exports": "Files with all data of the workspace.",
    "help": "Help articles and what the workspace itself holds, found by a question.",
}


def describe(result: dict[str, Any]) -> None:
    """In the order above; only groups that have operations."""
    used = {
        tag
        for methods in result["paths"].values()
        for operation in methods.values()
        for tag in operation.get("tags", ())
    }
    told = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]
    result["tags"] = [*told, *({"name": tag} for tag in sorted(used - set(TAGS)))]
    schemes = result["components"].get("securitySchemes", {})
    for name, text in SCHEMES.items():
        if name in schemes:
            schemes[name]["description"] = text


SCHEMES: Final = {
    # pragma: allowlist nextline secret
    "apiKey": "An API key of the workspace, made under *API keys*: `Authorization: Bearer tbx_…`. "
    "For scripts and build pipelines.",
    "accessToken": "A short-lived access token of a person, from `POST /api/v1/tokens/`. For apps.",
    "session": "The session of somebody signed in on the workspace's pages; writes need its "
    "`X-CSRFToken`, too. For this page and the product's own.",
}
