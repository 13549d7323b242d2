"""One row of every kind that an address can name, in a workspace, each with a mark in its texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.session_models import UserSession
from apps.classes.models import AwaitedGuardian, Guardianship
from apps.events.models import Event as Happened
from apps.jobs.models import JobRun
from apps.mail.models import Message, SenderDomain, Suppression
from apps.payments.models import DunningCase
from apps.realtime.models import ChannelWebhook, RealtimeApp
from apps.roblox.models import Artifact, Deployment, Environment, Experience, Finding, Release
from apps.scim.models import ScimGroup, ScimToken
from apps.tenants.models import ConfigurationVersion, CustomRole, Domain, Membership
from apps.tenants.people_models import InvitationLink, OwnershipTransfer
from apps.transfers.models import Export
from apps.webhooks.models import Attempt, Delivery, Event
from tests.factories.accounts import UserFactory
from tests.factories.classes import make_class
from tests.factories.gateway import make_key
from tests.factories.invoices import make_credit_note, make_invoices
from tests.factories.payments import make_payment
from tests.factories.tenants import invite
from tests.factories.transfers import fill
from tests.factories.webhooks import make_endpoint


@dataclass
class Filled:
    """`ids`: what stands for each kind of thing in an address."""

    tenant: Any
    owner: Any
    mark: str
    ids: dict[str, Any] = field(default_factory=dict)


def fill_with_everything(tenant: Any, owner: Any, mark: str, version: str) -> Filled:
    """`version` is that of its release and makes its number of a configuration, too."""
    filled = Filled(tenant, owner, mark)
    fill(tenant, owner)
    number = int(version.partition(".")[0])
    with tenant:
        _events(filled, number)
        _releases(filled, version)
        _classes(filled)
    _people(filled)
    _programs(filled)
    _messages(filled)
    _rest(filled, number)
    _money(filled)
    return filled


def _events(filled: Filled, number: int) -> None:
    """One under a number that the other workspace has not come to."""
    event = Happened.objects.create(
        sequence=1000 * number, name="release.created", version=1, data={"m": filled.mark},
        channels=[], audience=["permission:workspace.view"],
    )  # fmt: skip
    filled.ids |= {"event": event.sequence}


def _releases(filled: Filled, version: str) -> None:
    mark = filled.mark
    Experience.objects.update(
        name=f"{mark} lab", slug=f"lab-of-{filled.tenant.slug}", created_by_label=mark
    )
    Environment.objects.create(experience=Experience.objects.get(), kind="production")
    Environment.objects.update(key_detail=mark, key_hint=mark[:4])
    Artifact.objects.update(filename=f"{mark}.rbxl")
    Release.objects.update(version=version, notes=mark, created_by_label=mark)
    Finding.objects.update(path=mark, excerpt=mark, message=mark)
    Deployment.objects.update(started_by_label=mark)
    filled.ids |= {
        "experience": f"lab-of-{filled.tenant.slug}", "environment": "staging", "version": version,
        "release": Release.objects.get().pk, "deployment": Deployment.objects.get().pk,
    }  # fmt: skip


def _classes(filled: Filled) -> None:
    mark = filled.mark
    made = make_class(filled.owner, f"{mark} 7B", f"{mark} Pupil")
    pupil = made.pupils.get().user
    guardian = UserFactory(email=f"guardian@{mark}.example", name=f"{mark} Guardian")
    Membership.objects.create(user=guardian, tenant=filled.tenant, role="guardian")
    filled.ids |= {
        "class": made.pk, "pupil": pupil.pk,
        "guardianship": Guardianship.objects.create(guardian=guardian, child=pupil).pk,
        "awaited": AwaitedGuardian.objects.create(email=f"a@{mark}.example", child=pupil).pk,
    }  # fmt: skip


def _people(filled: Filled) -> None:
    mark, tenant = filled.mark, filled.tenant
    person = UserFactory(email=f"teacher@{mark}.example", name=f"{mark} Teacher")
    member = Membership.objects.create(user=person, tenant=tenant, role="teacher")
    role = CustomRole.objects.create(
        tenant=tenant, key=f"role-of-{tenant.slug}", name=f"{mark} role", based_on="teacher",
        description=mark, permissions=["workspace.view"],
    )  # fmt: skip
    invitation = invite(tenant, filled.owner, email=f"new@{mark}.example")
    week = timezone.now() + timedelta(days=7)
    link = InvitationLink.objects.create(
        tenant=tenant, name=mark, token_hash=mark, most_uses=3, expires_at=week, role="teacher"
    )
    transfer = OwnershipTransfer.objects.create(
        tenant=tenant, giver=filled.owner, taker=person, expires_at=week
    )
    session = UserSession.objects.create(
        user=person, kind="browser", schema_name=tenant.schema_name
    )
    filled.ids |= {
        "member": member.pk, "role": role.key, "invitation": invitation.pk, "session": session.pk,
        "link": link.pk, "transfer": transfer.pk,
    }  # fmt: skip


def _programs(filled: Filled) -> None:
    mark, tenant = filled.mark, filled.tenant
    key, _ = make_key(tenant, name=f"{mark} key")
    endpoint = make_endpoint(tenant, "http://127.0.0.1:1/", description=mark)
    event = Event.objects.create(tenant=tenant, type="webhook.test", body=f'{{"m":"{mark}"}}')
    now = timezone.now()
    delivery = Delivery.objects.create(
        endpoint=endpoint, event=event, state="failed", finished_at=now
    )
    Attempt.objects.create(delivery=delivery, number=1, url="http://127.0.0.1:1/", body=mark)
    token = ScimToken.objects.create(
        tenant=tenant, name=f"{mark} token", prefix="x", secret_hash=mark
    )
    group = ScimGroup.objects.create(tenant=tenant, display_name=f"{mark} group")
    filled.ids |= {
        "api_key": key.pk, "endpoint": endpoint.pk, "delivery": delivery.pk, "token": token.pk,
        "group": group.pk,
    }  # fmt: skip


def _messages(filled: Filled) -> None:
    mark, tenant = filled.mark, filled.tenant
    mail = Message.objects.create(
        schema_name=tenant.schema_name, template="mail/welcome", to=f"to@{mark}.example",
        subject=mark,
    )  # fmt: skip
    suppression = Suppression.objects.create(
        schema_name=tenant.schema_name, stream="transactional", reason="bounce",
        address=f"gone@{mark}.example",
    )  # fmt: skip
    sender = SenderDomain.objects.create(
        tenant=tenant, domain=f"mail.{mark}.example", signer="own", selector="s", private_key=mark
    )
    app = RealtimeApp.objects.create(
        tenant=tenant, name=f"{mark} app", app_id=mark, key=f"{mark} key", secret=mark
    )
    server = ChannelWebhook.objects.create(
        app_id=mark, url=f"https://{mark}.example", events=["cache_miss"]
    )
    batch = server.deliveries.create(
        batch=mark, kinds=["cache_miss"], count=1, events=f'[{{"m":"{mark}"}}]', answer=mark
    )
    filled.ids |= {
        "mail": mail.pk, "suppression": suppression.pk, "sender": sender.pk, "app": app.pk,
        "channel_webhook": server.pk, "batch": batch.pk,
    }  # fmt: skip


def _rest(filled: Filled, number: int) -> None:
    mark, tenant = filled.mark, filled.tenant
    export = Export.objects.create(tenant=tenant, asked_by=mark)
    domain = Domain.objects.create(
        tenant=tenant,
        domain=f"www.{mark}.example",
        kind="custom",
        token=mark,
        is_primary=False,
        is_live=False,
    )
    run = JobRun.objects.create(
        name="roblox.deploy", schema_name=tenant.schema_name, actor_label=mark, message=mark
    )
    ConfigurationVersion.objects.create(
        tenant=tenant, number=number, by_label=mark, values={}, changes={}, reason=mark
    )
    filled.ids |= {
        "export": export.pk, "domain": domain.pk, "job": run.pk, "configuration": number,
    }  # fmt: skip


def _money(filled: Filled) -> None:
    (invoice,) = make_invoices(filled.tenant, 1)
    invoice.data["customer_name"] = filled.mark
    invoice.save(update_fields=["data"])
    note = make_credit_note(invoice)
    payment = make_payment(invoice.account, filled.tenant.slug, invoice=invoice, method=filled.mark)
    case = DunningCase.objects.create(
        account=invoice.account, invoice=invoice, amount=invoice.total, began_at=timezone.now()
    )
    filled.ids |= {
        "invoice": invoice.pk, "credit_note": note.pk, "payment": payment.pk,
        "payment_problem": case.pk,
    }  # fmt: skip
