"""docs/permissions.md and frontend/src/permissions.ts, made of the declarations themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from apps.gateway import endpoints
from apps.gateway.doors import Door
from apps.gateway.endpoints import Endpoint
from apps.tenants.permissions import DECLARED, GROUPS, PERMISSIONS, SCOPES, Role

RENEW: Final = "manage.py permissions"
INTRODUCTION: Final = f"""# Who may do what

Made by `{RENEW}`; a test says when it is stale. These roles are built in; a workspace makes others
of the same permissions under Settings, Roles. A key can be given what is marked in its column.
Features that are switched off take permissions away, whatever the role.

## Permissions
"""
ADDRESSES: Final = """
## Addresses

On a workspace's own host each address asks for the permission beside it; without it, pages answer
with 403 and a sentence, the API with a problem, and strangers are sent to sign in. Members of
another workspace are strangers here. Where it says *proof*, people who showed longer ago than ten
minutes who they are do so first; keys have their scopes.
"""
OTHERS: Final = """
## Addresses that no permission guards

| host | address | methods | who |
|---|---|---|---|
"""


def documents() -> dict[Path, str]:
    """What should be in which file."""
    root = Path(__file__).resolve().parents[2]
    return {
        root / "docs" / "permissions.md": "".join(_markdown(endpoints.every())),
        root / "frontend" / "src" / "permissions.ts": _typescript(),
    }


def _markdown(found: list[Endpoint]) -> Iterator[str]:
    yield INTRODUCTION
    for group, declared in GROUPS.items():
        yield f"\n### {group}\n\n"
        yield _row("permission", "opens", *(role.label for role in Role), "key")
        yield "|---|---|" + ":-:|" * (len(Role) + 1) + "\n"
        for each in declared:
            held = [_mark(each.name in PERMISSIONS[role]) for role in Role]
            yield _row(f"`{each.name}`", each.text, *held, _mark(each.name in SCOPES))
    yield ADDRESSES
    yield from _table("Pages", (one for one in found if _is_guarded(one) and not one.is_api))
    yield from _table("API", (one for one in found if _is_guarded(one) and one.is_api))
    yield OTHERS
    for one in _merged(found):
        yield _row(*one)


def _table(title: str, found: Iterable[Endpoint]) -> Iterator[str]:
    yield f"\n### {title}\n\n| address | takes |\n|---|---|\n"
    for one in found:
        yield _row(f"`/{one.route}`", _takes(one))


def _takes(one: Endpoint) -> str:
    return ", ".join(
        f"{method.upper()} `{name}`{_proof(one, method)}" for method, name in one.needs.items()
    )


def _proof(one: Endpoint, method: str) -> str:
    return " *proof*" if method in one.proven else ""


def _is_guarded(one: Endpoint) -> bool:
    return not any(isinstance(name, Door) for name in one.needs.values())


def _merged(found: list[Endpoint]) -> list[tuple[str, str, str, str]]:
    """One line for what stands on both hosts, and one for all below `operator/`."""
    hosts: dict[tuple[str, str, str], set[str]] = {}
    for one in found:
        door = next((d for d in one.needs.values() if isinstance(d, Door)), None)
        if door is not None:
            is_console = door == Door.OPERATOR
            methods = "" if is_console else ", ".join(m.upper() for m in one.needs)
            route = "operator/…" if is_console else one.route
            hosts.setdefault((route, methods, str(door)), set()).add(one.host)
    return [
        ("both" if len(where) > 1 else next(iter(where)), f"`/{route}`", methods, door)
        for (route, methods, door), where in hosts.items()
    ]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _mark(held: bool) -> str:  # noqa: FBT001 -- a table's cell
    return "✓" if held else " "


def _typescript() -> str:
    names = "".join(f'  "{name}",\n' for name in sorted(DECLARED))
    return (
        f"// Made by `{RENEW}`. What `GET /api/v1/me/` lists under `permissions`.\n"
        f"export const PERMISSIONS = [\n{names}] as const;\n\n"
        "export type Permission = (typeof PERMISSIONS)[number];\n"
    )
