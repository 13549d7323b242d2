from __future__ import annotations

import pytest
from django_otp import DEVICE_ID_SESSION_KEY

from apps.accounts.models import OperatorDevice
from apps.accounts.services import operators


@pytest.fixture
def workspaces(alpha, beta):
    """Two marked workspaces."""
    from apps.isolation.services import marks

    for tenant in (alpha, beta):
        marks.write(schema_name=tenant.schema_name)
    return alpha, beta


@pytest.fixture
def operator(db):
    return operators.create(email="ops@toolboxai.example").user


@pytest.fixture
def console(operator, browse):
    """The operator's browser, past the one-time code."""
    client = browse(operator, tenant=None)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = OperatorDevice.objects.get().persistent_id
    session.save()
    return client
