"""The declared events for others: as an AsyncAPI 3 document and as TypeScript.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any, Final

from apps.realtime import authorisation, events
from apps.realtime.events import Event

TYPES: Final = Path(__file__).resolve().parents[2] / "frontend" / "src" / "api" / "events.ts"
HEAD: Final = (
    "/* The product's events. Generated: `manage.py events`, which `make clients` runs. */\n"
)
_SEQUENCE: Final = {
    "type": "integer",
    "description": "The event's number in its workspace; none where it belongs to no workspace.",
}
_VERSION: Final = {"type": "integer", "description": "Of the payload's shape."}
_REFERENCE: Final = {
    "type": "object",
    "description": "In place of a payload over ten kilobytes: where it is to be had.",
    "properties": {
        "version": _VERSION,
        "sequence": _SEQUENCE,
        "reference": {"type": "string", "description": "A path on the workspace's host."},
    },
    "required": ["version", "sequence", "reference"],
}
PARAMETERS: Final = {
    "schema_name": "The workspace's name among channels; pages find it in `data-channel`.",
    "id": "Of what the event is about.",
    "endpoint_id": "Of the webhook endpoint.",
    "webhook_id": "Of the realtime app's webhook.",
    "actor_id": "Of the person who asked for the work.",
    "user_id": "Of the person.",
}


def asyncapi(*, url: str) -> dict[str, Any]:
    """The AsyncAPI 3.0 document; `url` is the public site's address."""
    host = url.partition("://")[2]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "ToolBoxAI events",
            "version": "1",
            "description": "What workspaces and people are told of over Pusher's protocol, version "
            "7. Channels are opened by `POST /realtime/auth` on the workspace's host. What is said "
            "in apps of a workspace's own (`/api/v1/realtime-apps/`) is theirs and not in here.",
        },
        "servers": {
            "workspace": {
                "host": f"{{workspace}}.{host}",
                "protocol": "wss" if url.startswith("https") else "ws",
                "pathname": "/app/{key}",
                "variables": {
                    "workspace": {"description": "The workspace's address."},
                    "key": {"description": "The application's public key."},
                },
            }
        },
        "channels": {
            _channel_id(pattern): _channel(pattern, told) for pattern, told in _channels()
        },
        "operations": {
            f"receive.{_channel_id(pattern)}": {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{_channel_id(pattern)}"},
            }
            for pattern, _ in _channels()
        },
        "components": {"messages": {event.name: _message(event) for event in events.ALL}},
    }


def typescript() -> str:
    """The same events as types: `EventPayloads`, by name."""
    members = [f'  "{event.name}": {_type(_schema(event), 2)};\n' for event in events.ALL]
    patterns = [f'  "{e.name}": {_literal(e.channel_patterns)},\n' for e in events.ALL]
    return "".join([
        HEAD, "\nexport type EventPayloads = {\n", *members, "};\n",
        "\nexport type EventName = keyof EventPayloads;\n",
        "\n/** In place of a payload that is too large to send: where it is to be had. */\n",
        f"export type EventReference = {_type(_REFERENCE, 0)};\n",
        "\nexport const CHANNEL_PATTERNS: Record<EventName, readonly string[]> = {\n",
        *patterns, "};\n",
    ])  # fmt: skip


def described() -> list[dict[str, Any]]:
    """For the page: each event with its fields, channels and what one has to hold."""
    return [
        {
            "name": event.name,
            "version": event.version,
            "text": inspect.getdoc(event),
            "channels": [(pattern, _holder(pattern)) for pattern in event.channel_patterns],
            "fields": [(n, _type(s, 0)) for n, s in _schema(event)["properties"].items()],
        }
        for event in events.ALL
    ]


def _channels() -> Iterator[tuple[str, list[type[Event]]]]:
    patterns = dict.fromkeys(p for event in events.ALL for p in event.channel_patterns)
    for pattern in patterns:
        yield pattern, [event for event in events.ALL if pattern in event.channel_patterns]


def _channel_id(pattern: str) -> str:
    return re.sub(
        r"[^a-zA-Z0-9]+", "_", re.sub(r"-w-\{schema_name\}", "_workspace", pattern)
    ).strip("_")


def _channel(pattern: str, told: list[type[Event]]) -> dict[str, Any]:
    names = [name for _, name, _, _ in Formatter().parse(pattern) if name]
    return {
        "address": pattern,
        "description": f"For {_holder(pattern)}.",
        "parameters": {name: {"description": PARAMETERS[name]} for name in names},
        "messages": {e.name: {"$ref": f"#/components/messages/{e.name}"} for e in told},
    }


def _holder(pattern: str) -> str:
    """Who may listen, in words."""
    if pattern.startswith("private-user-"):
        return "the person themselves"
    area = re.match(r"private-w-\{schema_name\}(?:\.([a-z]+))?", pattern)
    permission = authorisation.AREA_PERMISSIONS[area[1] if area else None]
    return f"members with {permission}"


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.name,
        "contentType": "application/json",
        "summary": inspect.getdoc(event),
        "payload": {"oneOf": [_schema(event), _REFERENCE]},
    }


def _schema(event: type[Event]) -> dict[str, Any]:
    """Of the payload: what stands in the declaration, but for what says where the event goes."""
    whole = event.model_json_schema(mode="serialization")
    addressing = {name for name, field in event.model_fields.items() if field.exclude}
    own = {n: s for n, s in whole["properties"].items() if n not in addressing}
    version = {**_VERSION, "const": event.version}
    properties = {"version": version, "sequence": _SEQUENCE, **own}
    required = ["version", *own]
    return {"type": "object", "properties": properties, "required": required}


def _type(schema: dict[str, Any], indent: int) -> str:
    if "anyOf" in schema:
        return " | ".join(_type(each, indent) for each in schema["anyOf"])
    if "const" in schema:
        return str(schema["const"])
    kind = schema.get("type")
    if kind == "object" and "properties" in schema:
        inner, needed = " " * (indent + 2), schema["required"]
        lines = [
            f"{inner}{name}{'' if name in needed else '?'}: {_type(each, indent + 2)};\n"
            for name, each in schema["properties"].items()
        ]
        return "{\n" + "".join(lines) + " " * indent + "}"
    simple = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean",
              "null": "null", "object": "Record<string, unknown>"}  # fmt: skip
    return simple[str(kind)]


def _literal(patterns: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{pattern}"' for pattern in patterns) + "]"
