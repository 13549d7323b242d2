"""Checks recorded exchanges against an OpenAPI 3.0 document: request, reply and limits."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

from apps.core.outgoing import Reply


@dataclass(frozen=True)
class Exchange:
    """One call as it went out and what came back."""

    method: str
    path: str
    options: dict[str, Any]
    reply: Reply


class Contract:
    def __init__(self, file: Path) -> None:
        self.document = json.loads(file.read_text())
        self.name = file.stem

    @cached_property
    def _prefix(self) -> str:
        servers = self.document.get("servers") or [{"url": ""}]
        return urlsplit(servers[0]["url"]).path.rstrip("/")

    def operation(self, exchange: Exchange) -> dict[str, Any] | None:
        for template, methods in self.document["paths"].items():
            pattern = re.sub(r"\\{\w+\\}", "[^/:]+", re.escape(self._prefix + template))
            if re.fullmatch(pattern, exchange.path) and exchange.method.lower() in methods:
                return dict(methods[exchange.method.lower()])
        return None

    def problems(self, exchange: Exchange) -> list[str]:
        """What is wrong with an exchange that this contract covers."""
        operation = self.operation(exchange)
        if operation is None:
            return []
        found = [*self._reply_problems(operation, exchange), *_limit_problems(operation, exchange)]
        if exchange.reply.status != 400:  # a request refused as malformed was meant to be
            found += self._query_problems(operation, exchange)
            found += self._request_problems(operation, exchange)
        return [f"{exchange.method} {exchange.path}: {problem}" for problem in found]

    def _query_problems(self, operation: dict[str, Any], exchange: Exchange) -> list[str]:
        known = {p["name"]: p for p in operation.get("parameters", []) if p["in"] == "query"}
        sent = exchange.options.get("params") or {}
        missing = [name for name, p in known.items() if p.get("required") and name not in sent]
        found = [f"query {name} is missing" for name in missing]
        found += [f"query {name} is unknown" for name in sent if name not in known]
        for name in sent.keys() & known.keys():
            found += self._against(known[name]["schema"], sent[name], "readOnly")
        return found

    def _request_problems(self, operation: dict[str, Any], exchange: Exchange) -> list[str]:
        content = operation.get("requestBody", {}).get("content")
        content_type = _content_type(exchange)
        if content is None:
            return []
        if content_type not in content:
            return [f"content type {content_type} is not among {', '.join(content)}"]
        schema = content[content_type].get("schema")
        return self._against(schema, _body(exchange), "readOnly") if schema else []

    def _reply_problems(self, operation: dict[str, Any], exchange: Exchange) -> list[str]:
        reply, responses = exchange.reply, operation["responses"]
        about = responses.get(str(reply.status))
        if about is None:
            return [f"status {reply.status} is undocumented"] if reply.status < 300 else []
        for media_type, described in about.get("content", {}).items():
            body = reply.text if media_type == "text/plain" else reply.json()
            return self._against(described["schema"], body, "writeOnly")
        return []

    def _against(self, schema: dict[str, Any], value: Any, one_way: str) -> list[str]:
        whole = _as_json_schema(
            {**schema, "components": self.document.get("components", {})}, one_way
        )
        errors = Draft202012Validator(whole).iter_errors(value)
        return [f"{error.json_path}: {error.message}"[:300] for error in errors]


def _content_type(exchange: Exchange) -> str:
    options = exchange.options
    if "files" in options:
        return "multipart/form-data"
    return "application/json" if "json" in options else options["headers"].get("content-type", "")


def _body(exchange: Exchange) -> Any:
    """The body as its schema sees it: JSON, or an object of a multipart form's parts."""
    if "files" not in exchange.options:
        return exchange.options.get("json")
    parts = exchange.options["files"].items()
    return {
        name: json.loads(part[1]) if part[2] == "application/json" else part[1].decode("latin-1")
        for name, part in parts
    }


def _limit_problems(operation: dict[str, Any], exchange: Exchange) -> list[str]:
    limit = operation.get("x-roblox-rate-limits", {}).get("perApiKeyOwner", {}).get("maxInPeriod")
    told = exchange.reply.headers.get("x-ratelimit-limit", "").partition(",")[0]
    if not told or limit is None or int(told) == limit:
        return []
    return [f"the limit is {told} a minute and should be {limit}"]


def _as_json_schema(node: Any, one_way: str) -> Any:
    """OpenAPI 3.0 to JSON Schema: `nullable`, stray `required`, and one-way properties."""
    if isinstance(node, list):
        return [_as_json_schema(part, one_way) for part in node]
    if not isinstance(node, dict):
        return node
    schema = {name: _as_json_schema(part, one_way) for name, part in node.items()}
    if isinstance(schema.get("required"), bool):
        del schema["required"]
    properties = node.get("properties")
    if isinstance(properties, dict) and isinstance(schema.get("required"), list):
        hidden = {n for n, p in properties.items() if isinstance(p, dict) and p.get(one_way)}
        schema["required"] = [name for name in schema["required"] if name not in hidden]
    if schema.pop("nullable", False) is True and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    return schema
