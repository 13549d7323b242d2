from __future__ import annotations

import pytest
from django_otp import DEVICE_ID_SESSION_KEY

from apps.accounts.models import OperatorDevice
from apps.accounts.services import operators


@pytest.fixture
def operator(db):
    return operators.create(email="olga@toolboxai.example", password="a long password")


@pytest.fixture
def console(operator, browse):
    """A browser in which the operator is signed in with a one-time code."""
    client = browse(operator.user, tenant=None)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = OperatorDevice.objects.get().persistent_id
    session.save()
    return client
