"""Operators see classes as numbers and states, and no pupil."""

from __future__ import annotations

import pytest

from apps.classes.services import classes
from apps.tenants.middleware import SESSION_CONSOLE_WORKSPACE
from tests.factories.classes import make_class, pupil_named, with_pictures

LIST = "/operator/classes/schoolclass/"


@pytest.fixture
def inside(console, alpha):
    session = console.session
    session[SESSION_CONSOLE_WORKSPACE] = alpha.schema_name
    session.save()
    return console


def test_a_workspace_is_chosen_first(console, school_class):
    assert console.get(LIST).url == "/operator/tenants/tenant/"


def test_numbers_and_states_without_names(inside, school_class):
    with_pictures(pupil_named("Maya Lopez"))
    row = inside.get(LIST).context["cl"].result_list[0]
    assert (row.teachers_here, row.pupils_here) == (1, 2)
    assert (row.ready_here, row.choosing_here, row.locked_here) == (1, 1, 0)
    pages = inside.get(LIST).content.decode()
    pages += inside.get(f"{LIST}{school_class.pk}/change/").content.decode()
    assert "7B Science" in pages
    for hidden in ("Maya", "Noah", school_class.code, pupil_named("Noah Kim").badge_nonce):
        assert hidden not in pages


def test_by_state_with_constant_queries(
    inside, school_class, teacher, django_assert_max_num_queries
):
    def listed(**query):
        with django_assert_max_num_queries(14):
            return inside.get(LIST, query).content.decode()

    other = make_class(teacher, "9C Chemistry", "Lena", "Paul", "Zoe")
    assert "9C Chemistry" in listed()
    classes.set_archived(school_class=other, archived=True, by=teacher)
    assert "9C Chemistry" not in listed(state="open")
    assert "9C Chemistry" in listed(state="archived")


def test_it_is_for_operators(browse, owner, school_class):
    assert browse(owner, tenant=None).get(LIST).status_code == 302
