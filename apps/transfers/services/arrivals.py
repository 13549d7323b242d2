"""What rows mean in their new place: paths, jobs, keys, and work that was under way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.isolation.services import marks
from apps.roblox.models import Deployment, Environment, Release
from apps.tenants import configuration
from apps.tenants.models import Tenant
from apps.transfers import references
from apps.transfers.errors import ExportDamaged
from apps.usage import plans
from apps.usage.services import limits

MOVED = {
    "code": "moved",
    "title": "The workspace moved while this was under way",
    "detail": "Look on Roblox which version runs, then deploy again.",
}
KEY_MISSING = "The key stayed where the workspace came from. Enter it again."


def settle(*, tenant: Tenant, former: str, by: Any = None) -> None:
    """Make rows that came from the schema `former` right for `tenant`, in the caller's
    transaction, after people have their new ids. Raises `ExportDamaged` for a path that leads
    out of the workspace.
    """
    with schema_context(tenant.schema_name):
        _move_paths(tenant.schema_name, former)
        _forget_jobs()
        _end_open_deployments()
        _take_keys_back()
        _scan_again(by)
    marks.write(schema_name=tenant.schema_name)


def give_keys(*, tenant: Tenant, secrets: Iterable[Mapping[str, str]]) -> int:
    """Encrypt secrets that came along under this installation's keys; how many there were."""
    given = 0
    with schema_context(tenant.schema_name):
        for each in secrets:
            model, column = each["model"], each["column"]
            if column in references.secrets().get(model, ()):
                rows = references.rows_of(model).filter(pk=each["pk"])
                given += rows.update(**{column: each["value"]})
    return given


def to_do(*, tenant: Tenant, manifest: Mapping[str, Any]) -> list[str]:
    """What people have to do after a move, one sentence each."""
    with schema_context(tenant.schema_name):
        missing = Environment.objects.filter(place_id__isnull=False, api_key="")
        sentences = [
            f"Enter the Open Cloud key of {each} again."
            for each in missing.select_related("experience")
        ]
    about = manifest["workspace"]
    sentences += [
        f"Add the custom domain {host} again and point it here." for host in about["hosts"]
    ]
    if about["api_keys"]:
        names = ", ".join(about["api_keys"])
        sentences.append(f"Make new API keys for those left behind: {names}.")
    if tenant.invitations.open().exists():
        sentences.append("Send open invitations again: links from before open nothing here.")
    if allowed := _allowances(tenant):
        sentences.append(f"See in the console whether it may keep what it came with: {allowed}.")
    if manifest.get("media") is None:
        sentences.append("Upload stored files again: the export was made without them.")
    return sentences


def _allowances(tenant: Tenant) -> str:
    """The plan and the limits that operators elsewhere have given it."""
    plan, own = limits.plan_of(tenant), configuration.of(tenant).limits
    named = [] if plan == plans.FREE else [f"the plan {plan.name}"]
    named += [f"{most:,} as limit on {key}" for key, most in own.items()]
    return ", ".join(named)


def _move_paths(schema_name: str, former: str) -> None:
    for label, columns in references.STORED.items():
        for column in columns:
            rows = references.rows_of(label).filter(**{f"{column}__startswith": f"{former}/"})
            rest = Substr(F(column), len(former) + 1)
            rows.update(**{column: Concat(Value(schema_name), rest)})
            _demand_own(label, column, schema_name)


def _demand_own(label: str, column: str, schema_name: str) -> None:
    """A forged path would have the workspace read its neighbour's files."""
    rows = references.rows_of(label)
    elsewhere = rows.exclude(**{f"{column}__startswith": f"{schema_name}/"})
    if (elsewhere | rows.filter(**{f"{column}__contains": ".."})).exists():
        raise ExportDamaged(f"A path in {label} leads out of the workspace.")


def _forget_jobs() -> None:
    for label, columns in references.JOBS.items():
        for column in columns:
            references.rows_of(label).exclude(**{column: None}).update(**{column: None})


def _end_open_deployments() -> None:
    Deployment.objects.open().update(
        state=Deployment.State.FAILED, finished_at=timezone.now(), error=MOVED
    )


def _take_keys_back() -> None:
    """Where a key was, and is not now, the environment says so."""
    Environment.objects.filter(api_key="").exclude(
        key_state=Environment.KeyState.MISSING
    ).update(
        key_state=Environment.KeyState.MISSING, key_detail=KEY_MISSING, key_scopes=[],
        key_hint="", key_owner="", key_expires_at=None, key_checked_at=None,
    )  # fmt: skip


def _scan_again(by: Any) -> None:
    from apps.roblox.tasks import scan_release

    for release in Release.objects.filter(state=Release.State.SCANNING):
        scan_release.enqueue(by=by, release_id=str(release.pk))
