from __future__ import annotations

import factory

from apps.tenants.models import Membership
from tests.factories.accounts import UserFactory


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = "teacher"
