"""What `deploy/` starts is what the product has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from apps.jobs.metrics import collect
from apps.jobs.task import Job

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
QUEUES = {queue.name for queue in settings.CELERY_TASK_QUEUES}
COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text())["services"]
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "jobs.yml").read_text()))
PODS = {
    each["metadata"]["name"]: each["spec"]["template"]["spec"]
    for each in MANIFESTS
    if each["kind"] == "Deployment"
}
SCALED = {
    each["metadata"]["name"]: each["spec"] for each in MANIFESTS if each["kind"] == "ScaledObject"
}
COMMANDS = {
    "compose": {name: each["command"] for name, each in COMPOSE.items()},
    "kubernetes": {name: pod["containers"][0]["command"] for name, pod in PODS.items()},
}


@pytest.mark.parametrize("commands", COMMANDS.values(), ids=COMMANDS.keys())
def test_each_queue_has_workers_and_the_schedule_has_one_process(commands):
    served = {each[each.index("-Q") + 1] for each in commands.values() if "worker" in each}
    assert served == QUEUES
    assert [name for name, each in commands.items() if "beat" in each] == ["beat"]


def test_beat_is_never_two():
    (beat,) = (each["spec"] for each in MANIFESTS if each["metadata"]["name"] == "beat")
    assert (beat["replicas"], beat["strategy"]["type"]) == (1, "Recreate")
    assert "beat" not in SCALED


def test_workers_have_the_time_to_end_what_they_have_begun():
    for queue in QUEUES:
        assert PODS[f"worker-{queue}"]["terminationGracePeriodSeconds"] > Job.time_limit
        minutes = int(re.fullmatch(r"(\d+)m", COMPOSE[f"worker-{queue}"]["stop_grace_period"])[1])
        assert minutes * 60 > Job.time_limit


def test_workers_of_each_queue_are_as_many_as_its_wait_asks_for():
    for queue in QUEUES:
        spec = SCALED[f"worker-{queue}"]
        assert spec["scaleTargetRef"]["name"] == f"worker-{queue}"
        assert spec["maxReplicaCount"] > spec["minReplicaCount"] > 0
        (trigger,) = spec["triggers"]
        assert f'queue="{queue}"' in trigger["metadata"]["query"]


@pytest.mark.django_db
def test_the_wait_that_is_asked_for_is_shown_for_idle_queues_too():
    (wait,) = (each for each in collect() if each.name.endswith("jobs_wait_seconds"))
    assert {sample.labels["queue"]: sample.value for sample in wait.samples} == dict.fromkeys(
        QUEUES, 0
    )
    assert all(wait.name in str(spec["triggers"]) for spec in SCALED.values())


def test_probes_look_at_the_file_that_the_process_touches():
    for pod in PODS.values():
        (container,) = pod["containers"]
        told = {each["name"]: each["value"] for each in container["env"]}
        for probe in ("startupProbe", "livenessProbe"):
            assert told["PROCESS_ALIVE_FILE"] in " ".join(container[probe]["exec"]["command"])
    for service in COMPOSE.values():
        assert service["environment"]["PROCESS_ALIVE_FILE"] in service["healthcheck"]["test"][1]
