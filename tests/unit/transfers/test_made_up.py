from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.transfers.made_up import MadeUp

ONE, SAME, OTHER = MadeUp(b"key", "1"), MadeUp(b"key", "1"), MadeUp(b"key", "2")
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=80)


@given(TEXTS)
def test_the_same_seed_makes_the_same(text):
    assert ONE.prose(text) == SAME.prose(text)


@given(TEXTS)
def test_spaces_stay_where_they_are(text):
    assert len(ONE.prose(text).split(" ")) == len(text.split(" "))


@pytest.mark.parametrize("text", ["Volcano Lab", "NASA 2024!", "line one\n  line two", "Ünïcode"])
def test_shapes_stay(text):
    made = ONE.prose(text)
    assert made != text
    assert re.sub(r"\w", "x", made) == re.sub(r"\w", "x", text)
    assert [c.isupper() for c in made] == [c.isupper() for c in text]


def test_addresses_are_at_domains_that_nobody_has():
    assert ONE.email("olivia@school.edu").endswith(("@example.org", "@example.com", "@example.net"))
    assert ONE.email("Olivia@School.edu") == ONE.email("olivia@school.edu")


def test_an_address_within_a_text_is_the_same_person():
    text = ONE.prose("Ask olivia@school.edu about it.")
    assert ONE.email("olivia@school.edu") in text
    assert "olivia" not in text


@pytest.mark.parametrize("label", ["", "system"])
def test_the_system_is_nobody(label):
    assert ONE.actor(label) == label


def test_an_operator_stays_an_operator():
    assert ONE.actor("operator olga@us.example") == f"operator {ONE.email('olga@us.example')}"


def test_other_seeds_and_keys_make_other_people():
    people = {each.email("a@b.cd") for each in (ONE, OTHER, MadeUp(b"another key", "1"))}
    assert len(people) == 3


def test_ids_keep_their_form():
    assert UUID(ONE.person_id("01a20000-0000-7000-8000-000000000000")).version == 4
    assert 9_000_000_000 <= int(ONE.vendor_id("77")) < 1_000_000_000_000
    assert re.fullmatch(r"[a-z0-9-]+", ONE.slug("volcano-lab"))
    assert ONE.filename("lab of tom.rbxl").endswith(".rbxl")


def test_numbers_are_drawn_anew_with_each_seed():
    made = {MadeUp(b"key", str(seed)).prose("555-01234567") for seed in range(20)}
    assert len(made) == 20
    assert all(re.fullmatch(r"\d{3}-\d{8}", number) for number in made)
    assert "555-01234567" not in made
