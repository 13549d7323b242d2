import pytest

from apps.realtime.checks import check_endpoint


@pytest.fixture
def configure(settings):
    def change(host, cluster="", env="test"):
        settings.PUSHER_HOST, settings.PUSHER_CLUSTER = host, cluster
        settings.TOOLBOXAI_ENV, settings.PUBLIC_DOMAIN = env, "toolboxai.example"
        return [message.id for message in check_endpoint()]

    return change


@pytest.mark.parametrize(
    ("host", "cluster", "env"),
    [
        ("127.0.0.1", "", "test"),
        ("toolboxai.example", "", "production"),
        ("api-eu.pusher.com", "eu", "production"),
    ],
)
def test_pages_and_publishers_meet(configure, host, cluster, env):
    assert configure(host, cluster, env) == []


def test_cluster_without_its_address(configure):
    assert configure("127.0.0.1", "eu") == ["realtime.E001"]


def test_address_without_its_cluster(configure):
    assert configure("api-eu.pusher.com") == ["realtime.E002"]


def test_production_has_no_api_on_loopback(configure):
    assert configure("127.0.0.1", env="production") == ["realtime.E003"]
