from __future__ import annotations

import re
from typing import Any

import factory

from apps.tenants.models import Invitation, Membership
from apps.tenants.services import invitations
from tests.factories.accounts import UserFactory
from tests.factories.jobs import work_off


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = "teacher"


def invite(tenant: Any, by: Any, email: str = "new@school.example", role: str = "teacher") -> Any:
    """An open invitation; its mail waits in its job."""
    return invitations.send(tenant=tenant, email=email, role=role, by=by)


def token_in(mail: Any) -> str:
    """The secret of the invitation link in a sent mail."""
    found = re.search(r"/invitations/([\w-]+)/", mail.body)
    assert found, mail.body
    return found[1]


def invited_token(mailoutbox: Any, invitation: Invitation) -> str:
    """Let the invitation's mail leave and take the secret out of it, as its reader would."""
    work_off()
    mail = [mail for mail in mailoutbox if mail.to == [invitation.email]][-1]
    return token_in(mail)


def make_role(tenant: Any, *permissions: str, name: str = "Release manager", **about: Any) -> Any:
    """A role of the workspace's own with these permissions, and what it takes to come in."""
    from apps.tenants.services import roles

    return roles.create(
        tenant=tenant, name=name, by=None, permissions=permissions,
        based_on=about.pop("based_on", "teacher"), **about,
    )  # fmt: skip


def make_member(tenant: Any, role: Any, **about: Any) -> Any:
    """A person with that role: a built-in one's name or a row of the workspace's own."""
    custom = None if isinstance(role, str) else role
    base = role if custom is None else custom.based_on
    return MembershipFactory(tenant=tenant, role=base, custom_role=custom, **about).user
