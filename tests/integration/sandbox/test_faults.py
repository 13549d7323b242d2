from __future__ import annotations

import httpx
import pytest

PUBLISH = "POST /universes/v1/*"


def versions(sandbox, experience):
    return len(sandbox.place(experience.staging_place_id)["versions"])


def test_a_status_fault_serves_its_times_and_is_gone(publish, sandbox, experience):
    sandbox.faults(PUBLISH, kind="status", status=503, times=2)
    assert [publish().status_code for _ in range(3)] == [503, 503, 200]
    assert versions(sandbox, experience) == 1


def test_a_rate_limit_fault_says_when_to_come_back(publish, sandbox):
    sandbox.faults(PUBLISH, kind="rate_limit", retry_after=7)
    answer = publish()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


def test_a_dropped_request_was_taken_and_has_no_answer(publish, sandbox, experience):
    sandbox.faults(PUBLISH, kind="drop")
    with pytest.raises(httpx.TransportError):
        publish()
    assert versions(sandbox, experience) == 1
    assert [(seen["status"], seen["fault"]) for seen in sandbox.requests()] == [(0, "drop")]


def test_a_request_dropped_before_it_was_taken_has_no_effect(publish, sandbox, experience):
    sandbox.faults(PUBLISH, kind="drop", taken=False)
    with pytest.raises(httpx.TransportError):
        publish()
    assert versions(sandbox, experience) == 0


@pytest.mark.parametrize(("taken", "count"), [(True, 1), (False, 0)])
def test_a_hanging_request_may_or_may_not_be_taken(
    http, publish, sandbox, experience, taken, count
):
    sandbox.faults(PUBLISH, kind="hang", seconds=600, taken=taken)
    http.timeout = httpx.Timeout(0.3)
    with pytest.raises(httpx.ReadTimeout):
        publish()
    assert versions(sandbox, experience) == count


def test_a_short_hang_answers_in_the_end(publish, sandbox):
    sandbox.faults(PUBLISH, kind="hang", seconds=0.05)
    assert publish().json() == {"versionNumber": 1}


def test_an_answer_may_come_late(publish, sandbox, experience):
    sandbox.faults(PUBLISH, kind="hang", seconds=0.05, taken=True)
    assert publish().json() == {"versionNumber": 1}
    assert versions(sandbox, experience) == 1


def test_faults_can_be_listed_and_withdrawn(publish, sandbox):
    made = sandbox.faults("*", kind="status", times=0)
    assert [fault["id"] for fault in sandbox.call("GET", "faults")] == [made["id"]]
    assert publish().status_code == 500
    sandbox.clear_faults()
    assert publish().status_code == 200


def test_other_endpoints_are_left_alone(publish, sandbox):
    sandbox.faults("GET /cloud/v2/*", kind="status")
    assert publish().status_code == 200


@pytest.mark.parametrize("wish", [{"kind": "explode"}, {"status": 200}, {"seconds": -1}])
def test_a_senseless_fault_is_refused(sandbox, wish):
    with pytest.raises(httpx.HTTPStatusError, match="422"):
        sandbox.faults("*", **wish)


def test_another_sites_page_cannot_manage_the_sandbox(http):
    answer = http.post("/_sandbox/reset", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
