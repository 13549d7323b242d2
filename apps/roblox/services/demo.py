"""The demo: Lincoln Middle School with one experience, two releases and something left to do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.services import emails, operators
from apps.classes.models import SchoolClass
from apps.classes.services import classes, pupils
from apps.core.errors import Conflict
from apps.core.outgoing import Vendor
from apps.jobs.models import JobRun
from apps.jobs.services import runs
from apps.jobs.task import run_now
from apps.roblox.files.demo import build_demo_place
from apps.roblox.models import Deployment, Experience, Release
from apps.roblox.services import deployments, experiences, releases
from apps.tenants.models import Membership, Tenant
from apps.tenants.permissions import Role
from apps.tenants.services import tenants
from apps.usage import plans
from apps.usage.services import limits, plan_changes

SANDBOX = Vendor("sandbox", base_url_setting="SANDBOX_URL")
SLUG = settings.DEMO_WORKSPACE
OPERATOR = "operator@toolboxai.example"
EXPERIENCE = "Volcano Lab"
PEOPLE = (
    ("owner@lincoln.example", "Olivia Park", Role.OWNER),
    ("teacher@lincoln.example", "Tomás Rivera", Role.TEACHER),
    ("student@lincoln.example", "Sam Okafor", Role.STUDENT),
)
# Pupils have no e-mail: they sign in with the code on their class' page, or with a badge.
CLASSES = {
    "7B Earth Science": ("Maya Lopez", "Noah Kim", "Zoë Berg", "Amir Haddad", "Ida Nguyen"),
    "Coding Club": ("Ben Ito", "Lena Fischer", "Kofi Mensah"),
}
NOTES = {
    "1.0.0": "The first lesson: walk around the volcano and answer three questions.",
    "1.1.0": "A second lesson at the crater, a scoreboard, and kinder wording of question two.",
}


def seed() -> Tenant:
    """Make what is missing; running it again changes nothing. Needs the sandbox.

    Raises `Conflict` where there is no sandbox: the demo never writes to the real Roblox.
    """
    if not settings.SANDBOX_URL or settings.ROBLOX_API_URL != settings.SANDBOX_URL:
        raise Conflict(
            "The demo needs the sandbox: SANDBOX_URL and ROBLOX_API_URL must be its own."
        )
    if not User.objects.filter(email=OPERATOR).exists():
        operators.create(email=OPERATOR, password=settings.OPERATOR_PASSWORD)
    password = make_password(settings.DEMO_PASSWORD)  # slow on purpose, and the same for all
    people = [_person(email, name, password) for email, name, _ in PEOPLE]
    tenant = _workspace(people)
    with tenant:
        _classes(tenant, people[1])
        experience = Experience.objects.filter(name=EXPERIENCE).first() or _experience(people[0])
        for version in NOTES:
            _release(experience, version)
        _deploy(experience)
    return tenant


def _person(email: str, name: str, password: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create(email=email, name=name, password=password)
        emails.mark_verified(user=user)
    return user


def _workspace(people: list[User]) -> Tenant:
    tenant: Tenant | None = Tenant.objects.filter(slug=SLUG).first()
    if tenant is None:
        tenant = tenants.create(
            name="Lincoln Middle School", slug=SLUG, kind=Tenant.Kind.SCHOOL, by=people[0]
        )
    if tenant.state != Tenant.State.ACTIVE:
        run_now(runs.find(run_id=tenant.provisioning_run_id))
        tenant.refresh_from_db()
    for user, (_, _, role) in zip(people, PEOPLE, strict=True):
        Membership.objects.get_or_create(user=user, tenant=tenant, defaults={"role": role})
    return tenant


def _classes(tenant: Tenant, teacher: User) -> None:
    if limits.plan_of(tenant) == plans.FREE:  # with room left: the demo begins with no warning
        plan_changes.change(tenant=tenant, plan=plans.SCHOOL.slug, by=None)
    if not SchoolClass.objects.exists():
        for name, names in CLASSES.items():
            school_class = classes.create(name=name, by=teacher)
            pupils.add(school_class=school_class, names=names, by=teacher)


def _experience(owner: User) -> Experience:
    """An experience on the sandbox's side, and ours connected to it, or neither."""
    made: Any = SANDBOX.request(
        "POST", "/_sandbox/experiences", json={"name": EXPERIENCE}, idempotent=False
    ).json()
    with transaction.atomic():
        experience = experiences.create(
            name=EXPERIENCE, universe_id=int(made["universe_id"]), by=owner
        )
        for kind in ("staging", "production"):
            experiences.configure(
                environment=experiences.find_environment(experience=experience, kind=kind),
                place_id=int(made[f"{kind}_place_id"]),
                api_key=made["api_key"],
                by=owner,
            )
    return experience


def _release(experience: Experience, version: str) -> None:
    if not experience.releases.filter(version=version).exists():
        release = releases.create(
            experience=experience, version=version, content=build_demo_place(version),
            filename=f"volcano-lab-{version}.rbxl", notes=NOTES[version], by=None,
        )  # fmt: skip
        run_now(
            JobRun.objects.get(name="roblox.scan_release", arguments__release_id=str(release.pk))
        )


def _deploy(experience: Experience) -> None:
    """1.0.0 on staging and production, then 1.1.0 on staging: ready to be promoted."""
    first, second = (Release.objects.get(experience=experience, version=v) for v in NOTES)
    if not Deployment.objects.filter(environment__experience=experience).exists():
        _carry_out(deployments.stage(release=first, by=None))
        _carry_out(deployments.promote(release=first, by=None))
        _carry_out(deployments.stage(release=second, by=None))


def _carry_out(deployment: Deployment) -> None:
    run_now(runs.find(run_id=deployment.run_id))
