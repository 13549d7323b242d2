"""Every mail that is wanted exists in three languages, and is sent where it has an occasion."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from apps.mail.catalogue import LANGUAGES, MAILS
from apps.mail.models import Message
from apps.mail.services import previews
from apps.roblox.services import deployments
from apps.tenants.models import Tenant
from apps.tenants.signals import workspace_opened
from tests.factories.roblox import carry_out, make_experience, make_release
from tests.factories.tenants import invite

WANTED = {
    "verification": "account/email/email_confirmation_signup",
    "magic code": "account/email/login_code",
    "password reset": "account/email/password_reset_key",
    "security alert": "account/email/password_changed",
    "invitation": "mail/invitation",
    "welcome": "mail/welcome",
    "payment confirmation": "mail/payment_confirmed",
    "payment failed, first": "mail/payment_failed",
    "payment failed, reminder": "mail/payment_failed_reminder",
    "payment failed, final": "mail/payment_failed_final",
    "payment recovered": "mail/payment_recovered",
    "subscription renewal": "mail/subscription_renewal",
    "subscription confirmation": "mail/subscription_confirmed",
    "subscription cancellation": "mail/subscription_cancelled",
    "trial ending": "mail/trial_ending",
    "course enrolment": "mail/course_enrolment",
    "release deployed": "mail/release_deployed",
    "release failed": "mail/release_failed",
    "backup restored": "mail/backup_restored",
    "data export ready": "mail/export_ready",
    "quota at 80 and 95 %": "mail/limit_near",
}
ROOT = Path(settings.BASE_DIR)


@pytest.mark.parametrize("name", WANTED.values(), ids=WANTED)
def test_it_reads_well_in_each_language(name):
    mail = MAILS[name]
    assert previews.problems(mail) == []
    assert all(value not in ("", None) for value in mail.sample.values())
    subjects = {previews.preview(mail=mail, language=code).subject for code in LANGUAGES}
    assert len(subjects) == len(LANGUAGES)


def test_what_waits_for_its_occasion_is_written_down_and_nothing_else_waits():
    """An occasion that comes takes its mail off the list in the runbook."""
    runbook = (ROOT / "docs/runbooks/mail.md").read_text()
    listed = re.search(r"## Mails without an occasion\n(.*?)\n## ", runbook, re.DOTALL)
    waiting = {f"mail/{name}" for name in re.findall(r"`([a-z_]+)`", listed[1])}
    sources = [
        path.read_text()
        for path in (ROOT / "apps").rglob("*.py")
        if "catalogue" not in path.parts and "migrations" not in path.parts
    ]
    ours = [name for name in MAILS if name.startswith("mail/")]
    # Said whole, or as the last part where `mail/` is put in front of a list of names.
    said = {
        name for name in ours for text in sources
        if f'"{name}"' in text or (f'"{name[5:]}"' in text and "mail/{" in text)
    }  # fmt: skip
    assert set(ours) - said == waiting


def sent() -> set[str]:
    return set(Message.objects.values_list("template", flat=True))


class TestOccasions:
    def test_signing_up(self, browse):
        form = {"email": "new@school.example", "password1": "another horse entirely", "name": "Fay"}
        browse(None, tenant=None).post("/accounts/signup/", form)
        assert sent() == {WANTED["verification"]}

    def test_a_code_and_a_new_password(self, browse, owner):
        browse(None, tenant=None).post("/accounts/login/code/", {"email": owner.email})
        browse(None, tenant=None).post("/accounts/password/reset/", {"email": owner.email})
        assert sent() == {WANTED["magic code"], WANTED["password reset"]}

    def test_a_changed_password(self, browse, owner):
        owner.set_password("a long password")
        owner.save()
        form = {
            "oldpassword": "a long password", "password1": "another horse entirely",
            "password2": "another horse entirely",
        }  # fmt: skip
        browse(owner).post("/accounts/password/change/", form)
        assert WANTED["security alert"] in sent()

    def test_a_new_workspace_and_a_new_member(self, alpha, owner):
        alpha.created_by = owner
        workspace_opened.send(sender=Tenant, tenant=alpha)  # as what makes it does at its end
        invite(alpha, owner)
        assert sent() == {WANTED["welcome"], WANTED["invitation"]}

    def test_a_release_that_goes_out_and_one_that_fails(self, roblox, in_alpha, owner):
        lab = make_experience(roblox, owner)
        carry_out(deployments.stage(release=make_release(lab, "1.0.0", owner), by=owner))
        assert WANTED["release deployed"] in sent()
        roblox.faults("POST /universes/v1/*", kind="status", status=400)
        carry_out(deployments.stage(release=make_release(lab, "1.0.1", owner), by=owner))
        assert WANTED["release failed"] in sent()
