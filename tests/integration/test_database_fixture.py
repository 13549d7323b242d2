import pytest
from django.db import connection

from tests.factories.tenants import MembershipFactory


def test_workspaces_are_ready_and_apart(alpha, beta, owner, outsider):
    assert alpha.schema_name != beta.schema_name
    assert not alpha.memberships.filter(user=outsider).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname IN ('w_alpha', 'w_beta')")
        assert cursor.fetchone() == (2,)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", [1, 2])
def test_real_commits_are_gone_for_the_next_test(alpha, _round):
    assert not alpha.memberships.exists()
    MembershipFactory(tenant=alpha)
