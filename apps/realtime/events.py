"""The product's events, each declared once: name, version, channels, payload.

publisher.publish(DeploymentChanged(schema_name="w_alpha", id=deployment.pk, state="running"))

Fields under `exclude` say where an event goes and stay out of its payload. An event tells
*that* something changed, and what a page shows at once; the rest is asked for over HTTP. A
change that would break a reader of the payload raises `version`.
"""

from __future__ import annotations

from functools import cache
from string import Formatter
from typing import Annotated, Any, ClassVar, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Percent: TypeAlias = Annotated[int, Field(ge=0, le=100)]


class Event(BaseModel):
    """`channel_patterns` name the event's fields; a pattern with an empty field is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str]
    version: ClassVar[int] = 1
    channel_patterns: ClassVar[tuple[str, ...]]

    @property
    def channels(self) -> list[str]:
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return [
            pattern.format_map(values)
            for pattern in self.channel_patterns
            if all(values[field] for field in _fields(pattern))
        ]

    @property
    def payload(self) -> dict[str, Any]:
        """JSON-ready, with the version of its shape."""
        return {"version": self.version, **self.model_dump(mode="json")}


@cache
def _fields(pattern: str) -> list[str]:
    return [field for _, field, _, _ in Formatter().parse(pattern) if field]


class DeploymentChanged(Event):
    """A deployment moved: to another state, or to another of its steps."""

    name = "deployment.changed"
    channel_patterns = (
        "private-w-{schema_name}.deployment.{id}",
        "private-w-{schema_name}.deployments",
    )

    schema_name: str = Field(exclude=True)
    id: UUID
    state: str
    step: str | None = None
    step_state: str | None = None
    message: str = ""


class ReleaseChanged(Event):
    """A release was made, scanned, blocked, published somewhere or withdrawn."""

    name = "release.changed"
    channel_patterns = (
        "private-w-{schema_name}.release.{id}",
        "private-w-{schema_name}.releases",
    )

    schema_name: str = Field(exclude=True)
    id: UUID
    state: str
    number: str = ""


class JobChanged(Event):
    """Background work moved. Without a workspace only the person who asked for it is told."""

    name = "job.changed"
    channel_patterns = (
        "private-user-{actor_id}",
        "private-w-{schema_name}.job.{id}",
        "private-w-{schema_name}.jobs",
    )

    schema_name: str | None = Field(default=None, exclude=True)
    actor_id: UUID | None = Field(default=None, exclude=True)
    id: UUID
    job: str
    state: str
    progress: Percent = 0
    message: str = ""
    problem: dict[str, Any] | None = None
    parent: UUID | None = Field(
        default=None, description="the chain or group of jobs it is a member of"
    )


class WebhookAttempted(Event):
    """Something was sent to an endpoint, or is to be sent again."""

    name = "webhook.attempted"
    channel_patterns = ("private-w-{schema_name}.webhook.{endpoint_id}",)

    schema_name: str = Field(exclude=True)
    endpoint_id: UUID
    delivery_id: UUID
    state: str


class ChannelWebhookAttempted(Event):
    """Something that a person had sent to a webhook of a realtime app went out."""

    name = "channel_webhook.attempted"
    channel_patterns = ("private-w-{schema_name}.channelwebhook.{webhook_id}",)

    schema_name: str = Field(exclude=True)
    webhook_id: UUID
    delivery_id: UUID
    state: str


class Notice(Event):
    """A sentence for people: for one person, or for everybody in a workspace."""

    name = "notice"
    channel_patterns = ("private-user-{user_id}", "private-w-{schema_name}")

    schema_name: str | None = Field(default=None, exclude=True)
    user_id: UUID | None = Field(default=None, exclude=True)
    level: str = Field(pattern=r"^(info|success|warning|error)$")
    text: str = Field(max_length=1_000)
    url: str = ""


ALL: tuple[type[Event], ...] = (
    DeploymentChanged,
    ReleaseChanged,
    JobChanged,
    WebhookAttempted,
    ChannelWebhookAttempted,
    Notice,
)
