"""Changing a workspace's configuration: each change is a version that can be gone back to.

Settings are compared one by one; a feature (`features.api`) or a limit (`limits.members`) is one
setting, the terms together are one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.core.errors import Invalid, NotFound
from apps.tenants import configuration
from apps.tenants.access import Operator, require
from apps.tenants.configuration import COLUMNS, Configuration
from apps.tenants.errors import ConfigurationConflict, ConfigurationMoved, PermissionMissing
from apps.tenants.features import FEATURES
from apps.tenants.models import ConfigurationVersion, Tenant
from apps.tenants.signals import configuration_changed

GROUPS: Final = ("features", "limits")
# Rules for signing in, which are for owners to set.
SIGN_IN: Final = frozenset({"mfa_roles", "session_idle_minutes", "session_hours"})
Units = dict[str, Any]


def change(
    *,
    tenant: Tenant,
    by: Any,
    base: int | None = None,
    over: int | None = None,
    exactly: bool = False,
    reason: str = "",
    **wanted: Any,
) -> Tenant:
    """Set what `wanted` names and leave the rest; None takes a feature or limit back to its
    default. Returns the tenant as it is now; nothing different makes no version.

    `base` is the version the person had before them. What others have changed since is kept;
    where both changed the same, `ConfigurationConflict` tells both values; who has seen them and
    insists passes its `version` as `over`. With `exactly`, any change since raises
    `ConfigurationMoved`. Raises `Invalid` and `PermissionMissing`.
    Limits and some features belong to operators, who give a `reason`; features to owners.
    """
    require("workspace.configure", by=by, tenant=tenant)
    with schema_context("public"), transaction.atomic():
        locked: Tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        if exactly and base is not None and base != locked.configuration_version:
            raise ConfigurationMoved(version=locked.configuration_version)
        wish = _units_of(wanted)
        if base is not None:
            wish = _kept_apart(locked, wish, _at(locked, base), over)
        return _store(locked, wish, by, reason)


def restore(
    *, tenant: Tenant, number: int, by: Any, base: int | None = None, reason: str = ""
) -> Tenant:
    """Make a version's settings those in force, as a new version. What belongs to operators
    stays as it is. With `base`, any change since raises `ConfigurationMoved`.
    """
    require("workspace.configure", by=by, tenant=tenant)
    with schema_context("public"), transaction.atomic():
        locked: Tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        if base is not None and base != locked.configuration_version:
            raise ConfigurationMoved(version=locked.configuration_version)
        past = {u: v for u, v in _at(locked, number).items() if not is_operators(u)}
        return _store(locked, past, by, reason, restored_from=number)


def history(*, tenant: Tenant) -> QuerySet[ConfigurationVersion]:
    """Newest first; empty while nothing was ever changed."""
    return ConfigurationVersion.objects.filter(tenant=tenant).order_by("-number")


def find(*, tenant: Tenant, number: int) -> ConfigurationVersion:
    found = history(tenant=tenant).filter(number=number).first()
    if found is None:
        raise NotFound(f"There is no version {number} of this workspace's configuration.")
    return found


def units(found: Configuration) -> Units:
    """Every setting by its name, as JSON, features with their defaults filled in."""
    values = found.model_dump(mode="json")
    flat = {name: value for name, value in values.items() if name not in GROUPS}
    flat |= {f"features.{name}": is_on for name, is_on in found.switches().items()}
    return flat | {f"limits.{name}": value for name, value in values["limits"].items()}


def is_operators(unit: str) -> bool:
    """Whether only an operator may change the setting."""
    group, _, name = unit.partition(".")
    return group == "limits" or (
        group == "features" and name in FEATURES and FEATURES[name].switched_by == "operator"
    )


def _units_of(wanted: Mapping[str, Any]) -> Units:
    wish: Units = {}
    for name, value in wanted.items():
        if name in GROUPS and isinstance(value, Mapping):
            wish |= {f"{name}.{part}": inner for part, inner in value.items()}
        else:
            wish[name] = value
    return wish


def _applied(stored: Mapping[str, Any], wish: Units) -> Configuration:
    """What is stored, with the wish in it. What another release left there and this one does not
    understand is none of this caller's.
    """
    known = configuration.readable(stored)
    values = {**known, **{group: dict(known.get(group, {})) for group in GROUPS}}
    for unit, value in wish.items():
        group, _, name = unit.partition(".")
        if not name:
            values[unit] = value
        elif value is None:
            values[group].pop(name, None)
        else:
            values[group][name] = value
    return configuration.parse(values)


def _at(locked: Tenant, number: int) -> Units:
    if number == locked.configuration_version:
        return units(configuration.of(locked))
    return units(configuration.read(find(tenant=locked, number=number).values))


def _kept_apart(locked: Tenant, wish: Units, base: Units, over: int | None) -> Units:
    """The part of the wish that differs from what its author saw; raises where others were there
    first with something else.
    """
    after = units(_applied(configuration.snapshot(locked), wish))
    now = units(configuration.of(locked))
    mine = {unit for unit in wish if after.get(unit) != base.get(unit)}
    clash = {u for u in mine if now.get(u) not in (base.get(u), after.get(u))}
    if clash and over != locked.configuration_version:
        raise ConfigurationConflict(
            version=locked.configuration_version,
            conflicts={
                u: {"theirs": now.get(u), "yours": after.get(u)} for u in wish if u in clash
            },
        )
    return {unit: wish[unit] for unit in wish if unit in mine}


def _store(
    locked: Tenant, wish: Units, by: Any, reason: str, restored_from: int | None = None
) -> Tenant:
    stored = configuration.snapshot(locked)
    found = _applied(stored, wish)
    before, after = units(configuration.of(locked)), units(found)
    changes = {
        unit: [before.get(unit), after.get(unit)]
        for unit in {**before, **after}
        if before.get(unit) != after.get(unit)
    }
    if not changes:
        return locked
    _require_for(changes, by, locked, reason)
    values = _merged(stored, found)
    _remember_the_first(locked, stored)
    locked.configuration = {k: v for k, v in values.items() if k not in COLUMNS}
    for name in COLUMNS:
        setattr(locked, name, values[name])
    locked.configuration_version += 1
    locked.save(update_fields=["configuration", "configuration_version", *COLUMNS])
    version = ConfigurationVersion.objects.create(
        tenant=locked, number=locked.configuration_version, values=values, changes=changes,
        by_label=label_of(by), reason=reason.strip(), restored_from=restored_from,
    )  # fmt: skip
    _record(locked, version, by)
    configuration_changed.send(sender=Tenant, tenant=locked, changes=changes, by=by)
    return locked


def _merged(stored: dict[str, Any], found: Configuration) -> dict[str, Any]:
    """As JSON, with what is not this release's left as it was."""
    values = {**stored, **found.model_dump(mode="json")}
    known = configuration.readable(stored)
    for group in GROUPS:
        foreign = set(stored.get(group, {})) - set(known.get(group, {}))
        values[group] |= {name: stored[group][name] for name in foreign - set(values[group])}
    return values


def _require_for(changes: Units, by: Any, tenant: Tenant, reason: str) -> None:
    operators = [unit for unit in changes if is_operators(unit)]
    if operators and not (by is None or isinstance(by, Operator)):
        raise PermissionMissing(
            f"{', '.join(operators)}: only the operators of this installation change that. "
            "Write to them."
        )
    if operators and not reason.strip():
        raise Invalid(errors={"reason": ["Say why; the workspace's people can read it."]})
    if any(unit.startswith("features.") for unit in changes):
        require("features.update", by=by, tenant=tenant)
    if SIGN_IN & set(changes):
        require("sign_in.update", by=by, tenant=tenant)


def _remember_the_first(locked: Tenant, stored: dict[str, Any]) -> None:
    if locked.configuration_version == 0:
        ConfigurationVersion.objects.get_or_create(
            tenant=locked, number=0,
            defaults={"values": stored, "by_label": "system", "created_at": locked.created_at},
        )  # fmt: skip


def _record(locked: Tenant, version: ConfigurationVersion, by: Any) -> None:
    back = version.restored_from is not None
    audit.record(
        action="configuration.restored" if back else "configuration.changed",
        by=by,
        schema_name=locked.schema_name,
        target=version,
        label=", ".join(version.changes),
        data={
            "version": version.number,
            "changes": version.changes,
            **({"restored_from": version.restored_from} if back else {}),
            **({"reason": version.reason} if version.reason else {}),
        },
    )
