"""The statements that are written out do what Django's own would."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.forms.models import model_to_dict
from django.utils import timezone

from apps.core.ids import uuid7
from apps.jobs.models import JobRun
from apps.jobs.services import runs, shares, statements


def run_of(**values):
    return JobRun(
        name="jobs.nothing", schema_name="w_a", actor_id=uuid7(), actor_label="Olivia",
        arguments={"a": ["b", None, 1.5]}, private_arguments='{"secret": "s3cret"}', lane="mail",
        max_attempts=3, label="Nothing", trace_id="abc", message="Soon",
        due_at=timezone.now() - timedelta(seconds=5), **values,
    )  # fmt: skip


def as_read(run):
    found = JobRun.objects.get(pk=run.pk)
    return {field.attname: getattr(found, field.attname) for field in JobRun._meta.concrete_fields}


def test_a_row_is_the_one_that_save_would_write(db):
    mine, theirs = run_of(), run_of()
    statements.insert(mine)
    theirs.save(force_insert=True)
    differ = {name for name, value in as_read(mine).items() if value != as_read(theirs)[name]}
    assert differ == {"id", "actor_id", "created_at", "due_at"}
    mine.message = "Later"
    mine.save()
    assert JobRun.objects.count() == 2


def test_what_is_taken_is_what_stands_there(db):
    statements.insert(run_of())
    taken = shares.take("default")
    assert model_to_dict(taken) == model_to_dict(JobRun.objects.get())
    assert taken.all_arguments() == {"a": ["b", None, 1.5], "secret": "s3cret"}
    assert (taken.state, taken.attempts) == ("running", 1)


def test_what_belongs_to_the_end_is_read_when_asked_for(db, django_assert_num_queries):
    statements.insert(run_of())
    taken = shares.take("default")
    with django_assert_num_queries(1):
        assert taken.result is None


@pytest.mark.parametrize("result", [None, {"pages": 3}, [], "text"])
def test_a_good_end(db, result):
    statements.insert(run_of())
    run, now = shares.take("default"), timezone.now()
    assert statements.succeed(run=run, finished_at=now, result=result)
    found = JobRun.objects.get()
    assert (found.state, found.result, found.finished_at) == ("succeeded", result, now)
    assert JobRun.objects.filter(result__isnull=True).exists() is (result is None)
    assert not statements.succeed(run=run, finished_at=now, result=result)


def test_of_one_that_was_taken_away_there_is_none(db):
    statements.insert(run_of())
    run = shares.take("default")
    runs.give_back(run=run, wait=0, message="")
    assert not statements.succeed(run=run, finished_at=timezone.now(), result=None)
