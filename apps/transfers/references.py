"""What in a workspace's rows means something outside of them, and so changes when it moves.

The one map for export, import and clone. tests/integration/transfers/test_declarations.py walks
all models and demands that each such column is named here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models

from apps.core.encryption import EncryptedTextField

# Columns that hold a person's id without a constraint. Whoever is unknown where the rows arrive
# keeps the label beside it and loses the id.
PEOPLE = {
    "classes.schoolclass": ("created_by_id",),
    "classes.classteacher": ("user_id",),
    "classes.classpupil": ("user_id",),
    "classes.pupil": ("user_id",),
    "classes.guardianship": ("guardian_id", "child_id"),
    "classes.awaitedguardian": ("child_id",),
    "roblox.experience": ("created_by_id",),
    "roblox.release": ("created_by_id",),
    "roblox.deployment": ("started_by_id",),
}
# Columns that name a background job; jobs stay where they ran.
JOBS = {"roblox.deployment": ("run_id",)}
# Workspace rows that say which workspace this is: made where it arrives, never carried there.
# Or what is only remembered, and found again when it is asked for.
OWN_ROWS = frozenset(
    {"marks.workspacemark", "answers.cachedanswer", "events.stream", "events.event"}
)
# Columns that hold a path in the file storage, which begins with the schema's name.
STORED = {"media.blob": ("storage_name",)}
# What leads a member or an invitation to a role of the workspace's own.
ROLE = {"custom_role_id": ("tenants.customrole", "key")}


@dataclass(frozen=True)
class Shared:
    """Rows of a public table that belong to a workspace.

    `owner` is the column that leads to it: a foreign key to the tenant, or `schema_name`.
    `people` are columns with a person's id; `dropped` ones mean nothing elsewhere; `remade` ones
    travel and are made anew where they arrive, so they are not compared. `named` are columns with
    the id of another such row, which travels as that row's name: the column of its model that is
    unique in a workspace.
    """

    model: str
    owner: str = "tenant_id"
    people: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    remade: tuple[str, ...] = ()
    named: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # column: model, its name

    @property
    def member(self) -> str:
        """Its place in the file."""
        return f"shared/{self.model}.jsonl.zst"

    @property
    def cls(self) -> type[models.Model]:
        return apps.get_model(self.model)

    @property
    def fields(self) -> dict[str, models.Field[Any, Any]]:
        """What travels, by column: all but the owner, the dropped ones, and a key that is not
        remade, since the old one may be taken where the rows arrive.
        """
        away = {self.owner, *self.dropped}
        found = [f for f in self.cls._meta.concrete_fields if f.attname not in away]
        kept = [f for f in found if not f.primary_key or f.attname in self.remade]
        return {f.attname: f for f in kept}


@cache
def shared() -> tuple[Shared, ...]:
    """The public rows that travel, in the order in which they are written."""
    return (
        Shared("tenants.customrole"),
        Shared("tenants.membership", people=("user_id",), named=ROLE),
        # Whoever invited may have left, and have no account where the rows arrive.
        # Their links were sent from another address and open nothing; the offer stands.
        Shared(
            "tenants.invitation",
            people=("invited_by_id",),
            dropped=("token_hash",),
            remade=("invited_by_id",),
            named=ROLE,
        ),
        Shared("tenants.configurationversion"),
        Shared("tenants.onboarding", people=("started_by_id",), remade=("started_by_id",)),
        Shared("usage.usageday", owner="schema_name"),
        Shared("usage.workspaceplan"),
        # Switched off, with another secret: nothing calls out of a place nobody has looked at.
        Shared(
            "webhooks.endpoint",
            dropped=(
                "secret",
                "former_secret",
                "former_until",
                "disabled_at",
                "disabled_reason",
                "last_success_at",
                "failing_since",
                "failures",
                "warned_at",
                "paused_until",
                "lane_until",
            ),
        ),
        Shared(
            "audit.auditentry",
            owner="schema_name",
            people=("actor_id",),
            remade=("id", "actor_id", "previous_hash", "hash"),
        ),
    )


# Public rows with a workspace in them that stay behind, each with the reason.
STAYING = {
    "tenants.domain": "a host leads to one installation; custom ones are asked for again",
    "rest.storedanswer": "what programs were answered at the old address, for a day",
    # pragma: allowlist nextline secret
    "gateway.apikey": "it was given for another address; a new one is made here",
    "gateway.apiusage": "it tells of keys and programs that stay behind",
    "sso.connection": "the issuer knows the old address, and holds a secret; it is set up again",
    "accounts.usersession": "whoever is signed in is so at one address",
    "mail.suppression": "what this installation's mail services were told",
    "scim.provisioning": "an identity provider is connected to one address",
    "scim.scimtoken": "it was given for another address; a new one is made here",
    "scim.scimuser": "the identity provider sends its people anew",
    "scim.scimgroup": "the identity provider sends its groups anew",
    "scim.scimrequest": "history of this installation",
    "realtime.realtimeapp": "its key was given for this installation's endpoint; made anew",
    "mail.senderdomain": "its records name this installation's key; it is set up again",
    "mail.message": "mail that was sent is not sent again",
    "jobs.jobrun": "background work belongs to where it ran",
    "djstripe.customer": "an account at Stripe belongs to the installation that opened it",
    "payments.account": "who pays, whom and for what belongs to this installation",
    "realtime.errand": "events are sent where they happened",
    "webhooks.event": "what was sent is not sent again",
    "usage.usageevent": "not yet folded into its day; counted again within minutes",
    "usage.usagewarning": "warnings follow from use and plan",
    "fleet.backfill": "how far a migration came in one schema of this database",
    "fleet.rolloutitem": "the history of this installation's rollouts",
    "tenants.invitationlink": "it was handed out for another address; a new one is made here",
    "tenants.ownershiptransfer": "an offer between two people of this installation",
    "impersonation.impersonation": "what operators of this installation did",
    "tenants.departure": "names that this installation keeps back",
    "semantic_cache.cacheday": "what this installation's cache did",
    "transfers.export": "files of this installation",
    "transfers.import": "history of this installation",
}
# Columns of the workspace's own row that travel.
WORKSPACE = (
    "name", "slug", "kind", "email", "accent", "locale", "time_zone", "configuration",
    "configuration_version", "created_at",
)  # fmt: skip


def workspace_models() -> Iterator[type[models.Model]]:
    """The models of workspace apps whose rows travel."""
    for config in apps.get_app_configs():
        if config.name in settings.TENANT_APPS:
            for model in config.get_models(include_auto_created=True):
                label = model._meta.label_lower
                if model._meta.managed and not model._meta.proxy and label not in OWN_ROWS:
                    yield model


def rows_of(label: str) -> models.QuerySet[Any]:
    """All rows of a model, whatever its managers leave out."""
    return models.QuerySet(apps.get_model(label))


@cache
def secrets() -> dict[str, tuple[str, ...]]:
    """Columns of workspace models that are encrypted with this installation's keys."""
    found = {}
    for model in workspace_models():
        fields = [f for f in model._meta.concrete_fields if isinstance(f, EncryptedTextField)]
        if fields:
            found[model._meta.label_lower] = tuple(f.attname for f in fields)
    return found
