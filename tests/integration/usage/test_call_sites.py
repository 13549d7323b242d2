"""Where things are used: they count there, and are refused there."""

from __future__ import annotations

import pytest

from apps.core.errors import DomainError
from apps.jobs.models import JobRun
from apps.jobs.services import runs
from apps.mail.models import Message
from apps.mail.services import messages
from apps.media.models import Blob
from apps.media.services import blobs
from apps.roblox.models import Deployment
from apps.roblox.services import deployments
from apps.tenants.access import Operator
from apps.transfers.services import exports
from apps.usage.errors import LimitReached
from apps.usage.services import limits, usage
from tests.factories.roblox import make_experience, make_release
from tests.factories.tenants import invite


def used(key: str, tenant) -> int:
    return limits.state(key, tenant=tenant).used


class TestJobs:
    def want(self, by, **about):
        return runs.request(name="x", arguments={}, by=by, schema_name="w_alpha", **about)

    def test_each_counts(self, alpha, owner):
        self.want(owner)
        self.want(None)
        assert used("jobs_day", alpha) == 2

    def test_the_same_wish_counts_once(self, alpha, owner):
        for _ in range(2):
            self.want(owner, idempotency_key="once")
        assert used("jobs_day", alpha) == 1

    def test_at_the_limit_a_person_is_refused_and_the_product_is_not(self, limit, owner):
        alpha = limit(jobs_day=1)
        self.want(owner)
        with pytest.raises(LimitReached):
            self.want(owner)
        assert JobRun.objects.count() == 1
        for other in (None, Operator(owner)):
            self.want(other)
        assert used("jobs_day", alpha) == 3

    def test_what_is_not_metered_does_not_count(self, limit, owner):
        alpha = limit(jobs_day=0)
        self.want(owner, metered=False)
        assert used("jobs_day", alpha) == 0

    def test_taking_ones_data_along_needs_no_job_to_be_left(self, limit, owner):
        alpha = limit(jobs_day=0)
        with alpha:
            exports.start(tenant=alpha, by=owner)
        assert used("jobs_day", alpha) == 0


class TestMails:
    def test_each_counts_as_a_mail_and_not_as_a_job(self, alpha, owner):
        invite(alpha, owner)
        assert (used("mails_day", alpha), used("jobs_day", alpha)) == (1, 0)

    def test_at_the_limit_nobody_is_invited(self, limit, owner):
        alpha = limit(mails_day=0)
        with pytest.raises(LimitReached, match="Mails today"):
            invite(alpha, owner)
        assert not alpha.invitations.exists()
        assert not Message.objects.exists()

    def test_what_the_product_writes_always_leaves(self, limit, owner):
        alpha = limit(mails_day=0)
        messages.send(
            template="mail/welcome", to=owner.email, schema_name=alpha.schema_name,
            context={"tenant": alpha, "person": owner},
        )  # fmt: skip
        assert used("mails_day", alpha) == 1

    def test_the_page_says_so_at_the_form(self, limit, browse, owner):
        limit(mails_day=0)
        form = {"email": "new@school.example", "role": "teacher"}
        answer = browse(owner).post("/members/invite/", form)
        assert (answer.status_code, "Mails today" in answer.content.decode()) == (422, True)


class TestStorage:
    def test_bytes_are_those_of_the_files(self, in_alpha):
        for content in (b"x" * 100, b"y" * 50, b"x" * 100):
            blobs.store(content=content)
        assert used("storage_bytes", in_alpha) == 150

    def test_a_file_without_room_is_refused_and_not_kept(self, limit, alpha):
        limit(storage_bytes=120)
        with alpha:
            blobs.store(content=b"x" * 100)
            with pytest.raises(LimitReached, match="100 bytes of 120 bytes"):
                blobs.store(content=b"y" * 21)
            assert Blob.objects.count() == 1

    def test_what_is_there_already_needs_no_room(self, limit, alpha):
        with alpha:
            blobs.store(content=b"x" * 100)
            limit(storage_bytes=100)
            blobs.store(content=b"x" * 100)
            assert Blob.objects.count() == 1

    def test_the_neighbours_files_do_not_count(self, limit, alpha, beta):
        with beta:
            blobs.store(content=b"x" * 100)
        assert used("storage_bytes", alpha) == 0


class TestDeployments:
    @pytest.fixture
    def release(self, roblox, in_alpha, owner):
        return make_release(make_experience(roblox, owner), "1.0.0", owner)

    def test_each_counts(self, release, owner, alpha):
        deployments.stage(release=release, by=owner)
        assert used("deployments_month", alpha) == 1

    def test_one_that_could_not_start_does_not_count(self, release, owner, alpha):
        deployments.stage(release=release, by=owner)
        with pytest.raises(DomainError, match="Wait"):
            deployments.stage(release=release, by=owner)
        assert used("deployments_month", alpha) == 1

    def test_at_the_limit_none_starts(self, release, owner, limit):
        alpha = limit(deployments_month=0)
        with pytest.raises(LimitReached, match="Deployments"):
            deployments.stage(release=release, by=owner)
        assert not Deployment.objects.exists()
        assert used("deployments_month", alpha) == 0


def test_a_refused_deed_leaves_nothing_counted(limit, owner):
    alpha = limit(mails_month=0)
    with pytest.raises(LimitReached):
        invite(alpha, owner)
    rows = usage.counted(schema_names=["w_alpha"], first=usage.today(), last=usage.today())
    assert rows == []
