"""The asking side, before a program that answers without being Django."""

import pytest

from embedded.django_session import DjangoSession
from embedded.faults import Fault
from embedded.layout import Layout

ANSWERING = """#!/bin/sh
echo booted as $NAME >> "$0.log"
echo '{"done": true}'
while read command; do echo "$command" >> "$0.log"; echo '{"done": true}'; done
"""
ENDING = """#!/bin/sh
echo the settings are wrong >&2
"""


@pytest.fixture
def layout(tmp_path):
    made = Layout(tmp_path, tmp_path / ".local", "dev")
    made.logs.mkdir(parents=True)
    made.python.parent.mkdir(parents=True)
    return made


def put(layout, program):
    layout.python.write_text(program)
    layout.python.chmod(0o755)


def heard(layout):
    return layout.python.with_name("python.log").read_text().splitlines()


def test_what_began_in_the_environment_that_came_true_goes_on(layout):
    put(layout, ANSWERING)
    with DjangoSession(layout) as django:
        django.begin({"NAME": "foreseen"})
        django.settle({"NAME": "foreseen"})
        django.run("seed_demo")
    assert heard(layout) == ["booted as foreseen", '["seed_demo"]']


def test_what_began_in_another_environment_begins_anew(layout):
    put(layout, ANSWERING)
    with DjangoSession(layout) as django:
        django.begin({"NAME": "foreseen"})
        django.wait()
        django.settle({"NAME": "real"})
        django.run("seed_demo")
    assert heard(layout) == ["booted as foreseen", "booted as real", '["seed_demo"]']


def test_nothing_boots_before_it_is_asked(layout):
    with DjangoSession(layout) as django:
        django.settle({})
        assert not django.has_begun


def test_one_that_does_not_boot_says_why(layout):
    put(layout, ENDING)
    with DjangoSession(layout) as django, pytest.raises(Fault) as caught:
        django.run("seed_demo")
    assert "Django did not start" in caught.value.what
    assert "the settings are wrong" in caught.value.detail
