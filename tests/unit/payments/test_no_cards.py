"""SAQ A: card numbers are typed on Stripe's pages, none of ours takes one (ADR 31)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError

from apps.payments.api.billing_shapes import CancelInput, DetailsInput
from apps.payments.card_numbers import refuse_card_number
from apps.payments.forms import CancelForm, DetailsForm
from apps.payments.services import billing_details
from config import redaction

ROOT = Path(__file__).resolve().parents[3]
ASKS = re.compile(
    r"autocomplete=\"cc-|name=\"(card_?number|cardnumber|cvc|cvv|exp(iry)?_?date)\"", re.IGNORECASE
)
COLUMNS = re.compile(r"card_?number|\bpan\b|cvc|cvv|iban", re.IGNORECASE)
CARD = "4242 4242 4242 4242"


def test_no_page_of_ours_asks_for_a_card():
    pages = [
        path
        for folder in ("templates", "apps", "frontend/src")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".html", ".ts", ".py"}
    ]
    assert len(pages) > 500
    assert [str(path) for path in pages if ASKS.search(path.read_text())] == []


def test_no_row_of_ours_has_a_place_for_one():
    columns = [
        f"{model._meta.label}.{field.name}"
        for config in apps.get_app_configs()
        if config.name.startswith("apps.")
        for model in config.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if COLUMNS.search(field.name)
    ]
    assert columns == []


def test_our_pages_run_no_script_but_ours():
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    for directive in ("default-src", "script-src", "style-src", "font-src"):
        assert policy[directive] == ["'self'"]
    assert "frame-src" not in policy
    assert "script-src-elem" not in policy


def test_what_looks_like_a_card_is_refused_where_people_write():
    with pytest.raises(ValidationError, match="card number"):
        refuse_card_number(f"please use {CARD}")
    refuse_card_number("order 4711 of 2026")


@pytest.mark.parametrize("name", billing_details.WRITTEN_FREELY)
def test_no_field_of_an_invoice_takes_one(name):
    form = DetailsForm({name: "4242424242424242"})
    shape = DetailsInput(data={name: "4242424242424242"}, partial=True)
    assert not shape.is_valid()
    assert "card number" in str(form.errors[name])
    assert "card number" in str(shape.errors[name])


def test_nor_does_what_people_say_when_they_leave():
    given = {"feedback": "other", "comment": f"Give it back to {CARD}!"}
    for found in (CancelForm(given).errors, _errors(CancelInput(data=given))):
        assert list(found) == ["comment"]
        assert "card number" in str(found["comment"])


def _errors(shape):
    shape.is_valid()
    return shape.errors


def test_logs_and_reports_keep_four_digits():
    line = redaction.hide_in_log(None, "", {"event": f"typed {CARD} into the search"})
    assert line["event"] == "typed [card …4242] into the search"
    report = redaction.hide_in_report({"breadcrumbs": [{"message": CARD}]}, None)
    assert report == {"breadcrumbs": [{"message": "[card …4242]"}]}
