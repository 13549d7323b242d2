"""Nothing in a workspace is forgotten by an export or a clone, also not what is added later."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models

from apps.tenants.models import Tenant
from apps.transfers import personal_data, references

LABELS = {c.label for c in apps.get_app_configs() if c.name in settings.TENANT_APPS}
WORKSPACE = list(references.workspace_models())
SHARED = [
    m
    for m in apps.get_models()
    if m._meta.app_label not in LABELS and not m._meta.proxy and m is not Tenant
]
COULD_BE_PERSONAL = (
    models.CharField, models.TextField, models.JSONField, models.BigIntegerField,
    models.GenericIPAddressField, models.BinaryField, models.FileField,
)  # fmt: skip


def belongs_to_workspaces(model):
    names = {f.name for f in model._meta.concrete_fields}
    return "schema_name" in names or any(
        f.related_model is Tenant for f in model._meta.concrete_fields
    )


@pytest.mark.parametrize("model", WORKSPACE, ids=lambda m: m._meta.label_lower)
def test_every_text_is_personal_or_not(model):
    label = model._meta.label_lower
    personal = set(personal_data.PERSONAL.get(label, {}))
    impersonal = set(personal_data.IMPERSONAL.get(label, ()))
    texts = {
        f.attname
        for f in model._meta.concrete_fields
        if isinstance(f, COULD_BE_PERSONAL) and not f.is_relation and not f.primary_key
    }
    texts |= {f.attname for f in model._meta.concrete_fields} & (personal | impersonal)
    assert texts == personal | impersonal
    assert not personal & impersonal


@pytest.mark.parametrize("model", WORKSPACE, ids=lambda m: m._meta.label_lower)
def test_every_id_of_something_outside_is_declared(model):
    label = model._meta.label_lower
    outside = {
        f.attname
        for f in model._meta.concrete_fields
        if (isinstance(f, models.UUIDField) and not f.primary_key and not f.is_relation)
        or f.related_model is get_user_model()
    }
    declared = {*references.PEOPLE.get(label, ()), *references.JOBS.get(label, ())}
    assert outside == declared


@pytest.mark.parametrize("model", WORKSPACE, ids=lambda m: m._meta.label_lower)
def test_every_path_is_declared(model):
    paths = {
        f.attname
        for f in model._meta.concrete_fields
        if "storage" in f.name or isinstance(f, models.FileField)
    }
    assert paths == set(references.STORED.get(model._meta.label_lower, ()))


def test_every_public_row_of_a_workspace_travels_or_stays():
    travelling = {shared.model for shared in references.shared()}
    found = {m._meta.label_lower for m in SHARED if belongs_to_workspaces(m)}
    assert found == travelling | set(references.STAYING)
    assert not travelling & set(references.STAYING)


def test_every_person_in_a_public_row_is_declared():
    user = apps.get_model(settings.AUTH_USER_MODEL)
    for shared in references.shared():
        people = {f.attname for f in shared.cls._meta.concrete_fields if f.related_model is user}
        assert people <= set(shared.people)


def test_what_travels_of_the_workspace_itself_is_known():
    columns = {f.attname for f in Tenant._meta.concrete_fields}
    assert set(references.WORKSPACE) <= columns
    staying = {
        "id", "schema_name", "state", "provisioning_run_id", "created_by_id", "main_domain",
        "sandbox_of", "parent_id", "suspended_at", "suspended_by", "suspension_reason",
        "suspended_for_payment", "unpaid_since", "read_only_since", "read_only_reason",
        "deletion_asked_at", "deletion_asked_by", "deletion_reason", "deletion_warned_at",
        "purge_at", "state_before_deletion", "sso_required",
    }  # fmt: skip
    assert columns - set(references.WORKSPACE) == staying


def test_what_leads_from_row_to_row_travels_by_name():
    user = apps.get_model(settings.AUTH_USER_MODEL)
    order = [shared.model for shared in references.shared()]
    for position, shared in enumerate(references.shared()):
        leading = {
            f.attname: f.related_model._meta.label_lower
            for f in shared.cls._meta.concrete_fields
            if f.related_model not in {None, user, Tenant} and f.attname not in shared.dropped
        }
        assert leading == {column: model for column, (model, _) in shared.named.items()}
        assert set(leading.values()) <= set(order[:position])
