"""The conventions hold for every view of the API, those added later too."""

from __future__ import annotations

from django.urls import URLPattern, get_resolver
from rest_framework import serializers

from apps.gateway import catalogue
from apps.rest.idempotency import WRITES
from apps.rest.resources import Conventions

# The document and its page; SCIM and tokens speak protocols of their own.
APART = ("drf_spectacular.", "apps.scim.", "allauth.")


def views():
    resolver = get_resolver("config.urls_workspace")
    for path, pattern in _walk(resolver, ""):
        cls = getattr(pattern.callback, "cls", None)
        if path.startswith("^api/") and cls and not cls.__module__.startswith(APART):
            yield path, cls, getattr(pattern.callback, "actions", None)


def _walk(resolver, path):
    for child in resolver.url_patterns:
        here = path + str(child.pattern)
        if isinstance(child, URLPattern):
            yield here, child
        else:
            yield from _walk(child, here)


def actions():
    for path, cls, methods in views():
        names = methods or {m: m for m in cls.http_method_names if hasattr(cls, m)}
        for method, name in names.items():
            yield path, cls, method.upper(), name


def test_there_are_views():
    assert len(list(views())) > 10


def test_it_is_made_of_the_conventions():
    """Inherits from `apps.rest.resources`."""
    assert [path for path, cls, _ in views() if not issubclass(cls, Conventions)] == []


def test_each_write_declares_its_body():
    """`inputs`; `Nothing` for a write without a body."""
    writes = [(cls, name) for _, cls, method, name in actions() if method in WRITES]
    assert [(cls, name) for cls, name in writes if name not in cls.inputs] == []


def fields():
    for _, cls, _, name in actions():
        for shape in (cls.inputs.get(name), cls.queries.get(name)):
            if shape is not None:
                yield from _below(shape())
        filters = getattr(cls, "filterset_class", None)
        if filters and name == "list":
            yield from (filter_.field for filter_ in filters.base_filters.values())


def _below(field):
    yield field
    yield from _below(field.child) if hasattr(field, "child") else ()
    if isinstance(field, serializers.Serializer):
        for inner in field.fields.values():
            yield from _below(inner)


def test_every_code_of_an_input_error_is_explained():
    codes = {"unknown_field", "unknown_parameter", "wrong_type", "duplicate_member", "too_deep"}
    for field in fields():
        codes |= field.error_messages.keys()
        codes |= {v.code for v in field.validators if isinstance(getattr(v, "code", None), str)}
    assert codes - catalogue.input_errors().keys() == set()
