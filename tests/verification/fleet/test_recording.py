from apps.fleet.services import snapshots


def test_the_recording_of_public_is_the_codes():
    """When it fails: `make recording`, and commit what it writes."""
    assert snapshots.differences() == []
