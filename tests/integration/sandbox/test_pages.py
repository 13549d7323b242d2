from __future__ import annotations

import html
import re

import pytest


@pytest.fixture
def page(http):
    return lambda path="/": http.get(path).text


def submit(http, form, **fields):
    return http.post(f"/_sandbox/forms/{form}", data=fields, follow_redirects=True)


def test_an_empty_sandbox_says_what_to_do_next(page, sandbox):
    assert "Nothing here yet" in page()
    assert "not Roblox" in page()


def test_the_page_shows_what_is_live(page, publish, experience):
    publish()
    publish(version_type="Saved")
    shown = page()
    assert f"live-{experience.staging_place_id}-1" in shown
    assert ">saved<" in shown
    assert str(experience.production_place_id) in shown


def test_creating_an_experience_shows_its_key_once(http, page, sandbox):
    answer = submit(http, "experience", name="Reef <b>", scopes=["universe-places:write"])
    key = re.search(r"rbxsbx-[\w-]{40,}", answer.text)
    assert key
    assert html.escape("Reef <b>") in answer.text
    assert key[0] not in http.get(answer.request.url).text
    assert key[0] not in page()


def test_the_new_key_works(http, publish, sandbox):
    answer = submit(http, "experience", name="Reef", scopes=["universe-places:write"])
    key = re.search(r"rbxsbx-[\w-]{40,}", answer.text)[0]
    found = sandbox.state()["experiences"][0]
    place = found["places"][0]["place_id"]
    sent = publish(key=key, universe_id=found["universe_id"], place_id=place)
    assert sent.status_code == 200


def test_a_second_key_belongs_to_the_universes_owner(http, sandbox, experience):
    submit(http, "key", name="Second", universe_id=experience.universe_id, scopes=["asset:read"])
    owners = {key["owner_id"] for key in sandbox.state()["keys"]}
    assert len(owners) == 1


def test_a_key_is_revoked_with_a_button(http, publish, sandbox, experience):
    submit(http, "key-status", key_id=sandbox.state()["keys"][0]["id"], status="revoked")
    assert publish().status_code == 401


@pytest.mark.parametrize(
    ("preset", "status"), [("publish-500", 500), ("publish-429", 429), ("down", 503)]
)
def test_faults_are_a_button_each(http, publish, page, experience, preset, status):
    submit(http, "preset-fault", preset=preset)
    assert "1 fault waiting" in page()
    assert publish().status_code == status
    submit(http, "remove-fault")
    assert publish().status_code == 200


def test_a_fault_of_ones_own(http, publish, experience):
    submit(http, "fault", match="POST *", kind="status", status="502", times="1", taken="yes")
    assert [publish().status_code, publish().json()] == [502, {"versionNumber": 2}]


def test_team_create_is_opened_with_a_button(http, publish, page, experience):
    submit(http, "team-create", place_id=experience.staging_place_id, open="yes")
    assert "Team Create open" in page()
    assert publish().status_code == 409


def test_quirks_and_reset(http, sandbox, experience):
    submit(http, "quirks", moderation="Rejected", operation_polls="0", versions_in_envelope="yes")
    assert sandbox.state()["quirks"]["moderation"] == "Rejected"
    submit(http, "reset")
    assert sandbox.state()["experiences"] == []


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("experience", {"name": ""}),
        ("key", {"universe_id": "x"}),
        ("key", {"universe_id": "12"}),
        ("key-status", {"key_id": "99", "status": "revoked"}),
        ("preset-fault", {"preset": "meteor"}),
        ("fault", {"match": "*", "kind": "status", "status": "200", "times": "1"}),
    ],
)
def test_a_mistake_is_explained_on_the_page(http, sandbox, form, fields):
    answer = submit(http, form, **fields)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text


def test_forms_take_nothing_from_another_site(http, sandbox, experience):
    answer = http.post("/_sandbox/forms/reset", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 404
    assert sandbox.state()["experiences"]


def test_the_pages_policy_allows_no_inline_script(http, sandbox):
    policy = http.get("/").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in http.get("/").text


def test_open_pages_hear_of_changes(http, publish, experience):
    with http.stream("GET", "/_sandbox/events") as events:
        lines = events.iter_lines()
        first = next(lines)
        publish()
        newer = next(line for line in lines if line.startswith("data:") and line != first)
    assert int(newer.removeprefix("data: ")) > int(first.removeprefix("data: "))


@pytest.mark.parametrize("name", ["sandbox.css", "live.js", "mark.svg"])
def test_the_pages_files_are_there(http, name):
    assert http.get(f"/_sandbox/static/{name}").status_code == 200


MAIL = {
    "personalizations": [{"to": [{"email": "sara@school.example"}]}],
    "from": {"email": "hello@product.example"},
    "subject": "Hello <b>",
    "content": [{"type": "text/plain", "value": "Hi"}, {"type": "text/html", "value": "<p>Hi"}],
}


@pytest.fixture
def mail(http, sandbox):
    key = sandbox.connect_sendgrid(domain="product.example")["api_key"]
    head = {"authorization": f"Bearer {key}"}
    assert http.post("/v3/mail/send", json=MAIL, headers=head).status_code == 202
    return sandbox.mails()[0]


def test_a_mail_is_shown_and_has_things_happen_to_it(http, page, mail, sandbox):
    assert html.escape(MAIL["subject"]) in page("/_sandbox/mail")
    where = f"/_sandbox/mail/{mail['id']}"
    assert f'src="{where}/html"' in page(where)
    letter = http.get(f"{where}/html")
    assert letter.text == "<p>Hi"
    assert "sandbox" in letter.headers["content-security-policy"]
    answer = submit(http, "mail-event", page=where, mail_id=mail["id"], kind="bounce")
    assert answer.url.path == where
    assert ">bounce<" in answer.text
    assert "sara@school.example" in page("/_sandbox/mail#suppressions")
    submit(http, "unsuppress", list="bounces", email="sara@school.example")
    assert sandbox.call("GET", "sendgrid/suppressions") == []
    assert http.get("/_sandbox/mail/999999").status_code == 404


def test_the_next_mail_and_the_webhook_are_set_on_the_page(http, page, mail):
    submit(http, "next-outcome", page="/_sandbox/mail", outcome="spamreport")
    assert '<option value="spamreport" selected>' in page("/_sandbox/mail")
    answer = submit(http, "webhook", page="/_sandbox/mail", webhook_url="", pause="soon")
    assert "pause is a number of seconds." in answer.text
    answer = submit(http, "preset-fault", page="/_sandbox/mail", preset="mail-429")
    assert "1 fault waiting" in answer.text


def test_records_are_published_and_removed_with_buttons(http, page, sandbox):
    wish = "/_sandbox/names?name=school.example&kind=TXT&value=v%3Dspf1"
    assert ">v=spf1</textarea>" in page(wish)
    about = {"page": "/_sandbox/names", "name": "school.example", "value": "v=spf1 ~all"}
    assert "v=spf1 ~all" in submit(http, "publish", kind="TXT", **about).text
    assert 'role="alert"' in submit(http, "publish", kind="A", **about).text
    submit(http, "withdraw", page="//elsewhere.example")
    assert "No record yet" in page("/_sandbox/names")


def test_all_that_sendgrid_wants_is_published_with_one_button(http, page, mail, sandbox):
    key = sandbox.connect_sendgrid(domain="product.example")["api_key"]
    head = {"authorization": f"Bearer {key}"}
    made = http.post("/v3/whitelabel/domains", json={"domain": "a.example"}, headers=head).json()
    submit(http, "publish-domain", page="/_sandbox/mail", domain_id=made["id"])
    assert http.post(f"/v3/whitelabel/domains/{made['id']}/validate", json={}, headers=head).json()[
        "valid"
    ]
