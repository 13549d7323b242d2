from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from apps.realtime import events, protocol

ID = UUID("019348f5-6f5b-7c61-9b0d-2f6f9f6b8a10")
PERSON = UUID("019348f5-6f5b-7c61-9b0d-2f6f9f6b8a11")


def job(**fields):
    return events.JobChanged(id=ID, job="roblox.deploy", state="running", **fields)


def test_deployment_goes_to_its_own_channel_and_the_list():
    event = events.DeploymentChanged(schema_name="w_alpha", id=ID, state="running")
    assert event.channels == [
        f"private-w-w_alpha.deployment.{ID}",
        "private-w-w_alpha.deployments",
    ]


def test_payload_leaves_the_address_out_and_names_its_version():
    event = events.DeploymentChanged(schema_name="w_alpha", id=ID, state="running", step="scan")
    assert event.payload == {
        "version": 1,
        "id": str(ID),
        "state": "running",
        "step": "scan",
        "step_state": None,
        "message": "",
    }


def test_job_of_a_workspace_goes_to_its_actor_and_the_workspace():
    event = job(schema_name="w_alpha", actor_id=PERSON)
    assert event.channels == [
        f"private-user-{PERSON}",
        f"private-w-w_alpha.job.{ID}",
        "private-w-w_alpha.jobs",
    ]


def test_job_without_workspace_goes_to_its_actor_only():
    assert job(actor_id=PERSON).channels == [f"private-user-{PERSON}"]
    assert job().channels == []


def test_notice_to_a_workspace_is_for_all_of_it():
    notice = events.Notice(schema_name="w_alpha", level="info", text="Hello")
    assert notice.channels == ["private-w-w_alpha"]


def test_events_refuse_unknown_fields():
    with pytest.raises(ValidationError):
        job(colour="red")


def test_names_are_unique():
    names = [event.name for event in events.ALL]
    assert len(set(names)) == len(names) == len(events.Event.__subclasses__())


@pytest.mark.parametrize("event", [job(schema_name="w_" + "x" * 61, actor_id=uuid4())])
def test_channels_are_names_the_protocol_takes(event):
    assert all(protocol.is_channel_name(name) for name in event.channels)
