import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections

from apps.media.models import Blob
from tests.factories.tenants import MembershipFactory


def test_workspaces_are_ready_and_apart(alpha, beta, owner, outsider):
    assert alpha.schema_name != beta.schema_name
    assert not alpha.memberships.filter(user=outsider).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname IN ('w_alpha', 'w_beta')")
        assert cursor.fetchone() == (2,)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", [1, 2])
def test_real_commits_are_gone_for_the_next_test(alpha, beta, _round):
    assert not alpha.memberships.exists()
    assert (alpha.name, beta.name) == ("Alpha", "Beta")
    assert ContentType.objects.exists()
    with alpha:
        assert not Blob.objects.exists()
    MembershipFactory(tenant=alpha)
    alpha.name = "Omega"
    alpha.save()
    beta.delete()
    ContentType.objects.all().delete()
    with alpha:
        Blob.objects.create(sha256="0" * 64, size=1)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize(
    "change",
    ["CREATE TABLE left_behind ()", "TRUNCATE django_content_type CASCADE", "SELECT"],
)
def test_so_are_changes_of_tables(change):
    assert ContentType.objects.exists()
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT to_regclass('left_behind')")
        assert cursor.fetchone() == (None,)
        cursor.execute(change)
