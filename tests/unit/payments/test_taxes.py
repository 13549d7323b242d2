from __future__ import annotations

from decimal import Decimal

import pytest

from apps.payments import taxes


@pytest.mark.parametrize(
    ("country", "vat_id", "verification", "kind", "percentage"),
    [
        ("DE", "", "", "domestic", "19"),
        ("DE", "DE123456789", "verified", "domestic", "19"),
        ("", "", "", "domestic", "19"),
        ("FR", "", "", "destination", "20"),
        ("FI", "", "", "destination", "25.5"),
        ("AT", "ATU12345678", "verified", "reverse_charge", "0"),
        ("AT", "ATU 1234 5678", "pending", "reverse_charge", "0"),
        ("AT", "ATU12345678", "unavailable", "reverse_charge", "0"),
        ("AT", "ATU12345678", "unverified", "destination", "20"),
        ("AT", "ATU12345678", "", "destination", "20"),
        ("AT", "FR12345678901", "verified", "destination", "20"),
        ("GR", "EL123456789", "verified", "reverse_charge", "0"),
        ("US", "", "", "outside", "0"),
        ("CH", "CHE-123.456.789 MWST", "", "outside", "0"),
    ],
)  # fmt: skip
def test_who_owes_which_tax(country, vat_id, verification, kind, percentage):
    tax = taxes.decide(seller="DE", country=country, vat_id=vat_id, verification=verification)
    assert (tax.kind, tax.percentage) == (kind, Decimal(percentage))
    assert bool(tax.note) == (kind in {"reverse_charge", "outside"})


def test_a_seller_outside_the_union_charges_its_customers_there_as_the_union_asks():
    assert taxes.decide(seller="US", country="DE").kind == "destination"
    assert taxes.decide(seller="US", country="US").kind == "outside"


def test_every_member_state_has_a_rate_and_a_shape():
    union = set(taxes.STANDARD_RATES)
    assert len(union) == 27
    assert union <= set(taxes.SCHEMES)
    # The lowest that the directive allows (Art. 97), and the highest of any member.
    assert all(15 <= rate <= 27 for rate in taxes.STANDARD_RATES.values())


@pytest.mark.parametrize("country", sorted(taxes.SCHEMES))
def test_the_examples_are_examples(country):
    scheme = taxes.SCHEMES[country]
    assert taxes.problem(scheme.example, country=country) == ""
    assert taxes.problem(scheme.example.lower(), country=country) == ""
    assert scheme.example in taxes.problem("12", country=country)


def test_a_number_of_another_country_is_told_apart_from_a_wrong_one():
    assert "another country (FR)" in taxes.problem("FR12345678901", country="DE")
    assert "no VAT number of DE" in taxes.problem("DE1234", country="DE")
    assert "leave it empty" in taxes.problem("12-345", country="US")


def test_keys_tell_rates_apart_and_not_customers():
    buyers = [
        ("DE", ""),
        ("FR", ""),
        ("FI", ""),
        ("AT", "ATU12345678"),
        ("IT", "IT12345678901"),
        ("US", ""),
        ("JP", ""),
    ]
    keys = [
        taxes.decide(seller="DE", country=c, vat_id=v, verification="verified").key
        for c, v in buyers
    ]
    assert keys == [
        "domestic_de_19", "destination_fr_20", "destination_fi_25.5",
        "reverse_charge_eu_0", "reverse_charge_eu_0", "outside_eu_0", "outside_eu_0",
    ]  # fmt: skip


def test_stripe_writes_swiss_numbers_with_their_dots():
    assert taxes.stripe_value("che123456789mwst", country="CH") == "CHE-123.456.789 MWST"
    assert taxes.stripe_value("DE 123 456 789", country="DE") == "DE123456789"
    assert taxes.stripe_type("GR") == "eu_vat"
