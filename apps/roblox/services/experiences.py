"""Experiences and their environments."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain, count
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.text import slugify

from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.core.errors import Invalid, NotFound, VendorError
from apps.roblox.errors import EnvironmentNotReady
from apps.roblox.models import Environment, Experience
from apps.roblox.open_cloud_api import KeyRefused, OpenCloud
from apps.tenants.access import require

PUBLISH_SCOPE = "universe-places:write"
RESTART_SCOPE = "universe:write"
VERSIONS_SCOPE = "asset:read"
EXPIRES_SOON = timedelta(days=14)
HINT_LENGTH = 4


def create(*, name: str, universe_id: int, by: Any, slug: str = "") -> Experience:
    """A new experience with its two environments, not yet set up. Raises `Invalid`."""
    require("experiences.create", by=by)
    experience = Experience(
        name=name.strip(),
        slug=slug or _free_slug(name),
        universe_id=universe_id,
        created_by_id=getattr(by, "pk", None),
        created_by_label=label_of(by),
    )
    _validate(experience)
    with transaction.atomic():
        experience.save()
        for kind in Environment.Kind.values:
            Environment.objects.create(experience=experience, kind=kind)
        audit.record(
            action="experience.created", by=by, target=experience,
            data={"universe_id": universe_id},
        )  # fmt: skip
    return experience


def rename(*, experience: Experience, name: str, by: Any) -> Experience:
    """Change the name people read; its address stays."""
    require("experiences.update", by=by)
    experience.name = name.strip()
    _validate(experience)
    with transaction.atomic():
        experience.save(update_fields=["name"])
        audit.record(action="experience.renamed", by=by, target=experience)
    return experience


def configure(
    *, environment: Environment, place_id: int, by: Any, api_key: str = ""
) -> Environment:
    """Set the place and, when given, a new Open Cloud key, which Roblox is asked about at once.

    Raises `Invalid` for a place in use, a key that Roblox refuses or one without the scope to
    publish. With Roblox out of reach the key is kept and checked before the next deployment.
    """
    require("environments.update", by=by)
    environment.place_id = place_id
    if api_key.strip():
        _take_key(environment, api_key.strip())
    _validate(environment)
    with transaction.atomic():
        environment.save()
        audit.record(
            action="environment.configured", by=by, target=environment,
            data={"place_id": place_id, "new_key": bool(api_key.strip())},
        )  # fmt: skip
    return environment


def check_key(*, environment: Environment) -> Environment:
    """Ask Roblox what the stored key may do and remember the answer.

    Raises `KeyRefused` after recording the refusal, and the client's own errors when Roblox
    cannot be asked.
    """
    try:
        _introspect(environment, environment.api_key)
    except KeyRefused as error:
        environment.key_state = Environment.KeyState.REFUSED
        environment.key_detail = error.detail[:300]
        environment.key_checked_at = timezone.now()
        raise
    finally:
        environment.save(
            update_fields=[
                "key_state", "key_detail", "key_scopes", "key_owner", "key_expires_at",
                "key_checked_at",
            ]
        )  # fmt: skip
    return environment


def overview() -> Any:
    """All experiences, each with `environments_list` that knows what is live."""
    live = Environment.objects.with_live().select_related("experience")
    return Experience.objects.prefetch_related(
        Prefetch("environments", live, to_attr="environments_list")
    )


def find(*, slug: str) -> Experience:
    """By its address; raises `NotFound`."""
    # PostgreSQL takes no NUL in text, so nothing can have it in its address.
    experience = Experience.objects.filter(slug=slug).first() if "\x00" not in slug else None
    if experience is None:
        raise NotFound(f"There is no experience {slug!r} in this workspace.")
    return experience


def find_environment(*, experience: Experience, kind: str) -> Environment:
    environment = experience.environments.filter(kind=kind).select_related("experience").first()
    if environment is None:
        raise NotFound("An experience has the environments staging and production.")
    return environment


def require_ready(environment: Environment) -> None:
    """Raises `EnvironmentNotReady` with what is missing."""
    if not environment.is_ready:
        raise EnvironmentNotReady(
            f"Give {environment.kind} a place ID and a working Open Cloud key first."
        )


def _take_key(environment: Environment, api_key: str) -> None:
    try:
        _introspect(environment, api_key)
    except KeyRefused as error:
        raise Invalid(errors={"api_key": [error.detail]}) from error
    except VendorError as error:
        if error.permanent:
            raise Invalid(errors={"api_key": [error.detail]}) from error
        environment.key_state = Environment.KeyState.OK
        environment.key_detail = "Not checked yet: Roblox could not be reached."
        environment.key_checked_at = None
    environment.api_key = api_key
    environment.key_hint = api_key[-HINT_LENGTH:]


def _introspect(environment: Environment, api_key: str) -> None:
    grants = OpenCloud(api_key).introspect_key()
    if not grants.enabled or grants.expired:
        raise KeyRefused("Roblox says this key is disabled or expired. Make a new one there.")
    universe_id = environment.experience.universe_id
    if not grants.allows(PUBLISH_SCOPE, universe_id):
        raise KeyRefused(
            f"The key cannot publish to universe {universe_id}: add the scope "
            f"{PUBLISH_SCOPE} for this experience on Roblox's Credentials page."
        )
    known = (PUBLISH_SCOPE, RESTART_SCOPE, VERSIONS_SCOPE)
    environment.key_scopes = [s for s in known if grants.allows(s, universe_id)]
    environment.key_owner = str(grants.owner_id or "")
    environment.key_expires_at = grants.expires_at
    soon = grants.expires_at is not None and grants.expires_at < timezone.now() + EXPIRES_SOON
    environment.key_state = Environment.KeyState.EXPIRING if soon else Environment.KeyState.OK
    environment.key_detail = ""
    environment.key_checked_at = timezone.now()


def _validate(row: Experience | Environment) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise Invalid(errors=error.message_dict) from error


def _free_slug(name: str) -> str:
    """An address from the name, numbered where that is taken: names may repeat, and some hold
    no letter that an address can.
    """
    stem = slugify(name)[:55].strip("-") or "experience"
    taken = set(Experience.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    wanted = chain([stem], (f"{stem}-{number}" for number in count(2)))
    return next(slug for slug in wanted if slug not in taken)
