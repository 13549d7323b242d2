from __future__ import annotations

import pytest


@pytest.fixture
def limit(alpha):
    """`limit(members=3)`: what an operator has set for Alpha; `limit(beta, members=3)`."""

    def set_limits(tenant=alpha, **values: int):
        tenant.configuration = {**tenant.configuration, "limits": values}
        tenant.save()
        return tenant

    return set_limits


@pytest.fixture
def fresh_calls(own_redis):
    """No API call counted yet, and nothing known of limits."""
    from apps.usage.services import ceilings

    ceilings.forget()
    yield
    ceilings.forget()


@pytest.fixture
def district(alpha):
    """Alpha as a district on the pooled plan."""
    from apps.usage.models import WorkspacePlan

    alpha.kind = "district"
    alpha.save()
    WorkspacePlan.objects.filter(tenant=alpha).update(plan="district")
    return alpha


@pytest.fixture
def school(district, beta):
    """Beta as a school under it."""
    beta.parent = district
    beta.save()
    return beta
