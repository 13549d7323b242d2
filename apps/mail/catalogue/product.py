"""Mails about what workspaces do, and those to operators."""

from __future__ import annotations

from apps.mail.catalogue.account import AT, EMAIL
from apps.mail.catalogue.workspace import ID, LATER, NAME, TENANT, URL, _mail

RELEASE = {
    **NAME, "experience": "Volcano Lab", "version": "1.2.0", "environment": "production",
    "by": EMAIL, "url": f"{URL}/deployments/{ID}/",
}  # fmt: skip
ENDPOINT = {**NAME, "endpoint.url": "https://hooks.lincoln.example/in", "url": f"{URL}/webhooks/"}
MAILS = (
    _mail("release_deployed", "Release deployed", "releases",
        {**RELEASE, "roblox_version": 42, "finished_at": AT}),
    _mail("release_failed", "Release failed", "releases",
        {**RELEASE, "problem": "Roblox refused the API key."}),
    _mail(
        "releases_staged", "Releases deployed together", "releases",
        {
            **NAME, "by": EMAIL, "url": f"{URL}/jobs/{ID}/", "count": 3, "failed": 1,
            "places": [
                {"name": "Volcano Lab 1.2.0", "problem": ""},
                {"name": "Tidal Pool 2.0.1", "problem": "Roblox refused the API key."},
                {"name": "Maze 1.0.0", "problem": ""},
            ],
        },
    ),
    _mail(
        "limit_near", "Quota at 80, 95 and 100 %", "usage",
        {
            **TENANT, "threshold": 95, "state.label": "API calls this month",
            "state.text": "96 of 100", "state.percent": 96, "state.resets_at": LATER,
        },
        can_lack=frozenset({"state.resets_at"}),
    ),
    _mail(
        "export_ready", "Data export ready", "data",
        {
            **TENANT, "export.size": 52_428_800, "export.rows": 1204, "export.files": 31,
            "export.expires_at": LATER,
        },
    ),
    _mail("backup_restored", "Backup restored", "data",
        {**TENANT, "backup.taken_at": AT, "backup.asked_by": EMAIL}),
    _mail(
        "api_key_ends", "API key ends", "integrations",
        {
            **TENANT, "key.name": "Nightly build", "key.prefix": "tbx_live_Zk3q",
            "key.expires_at": LATER, "key.last_used_at": AT, "key.pk": ID,
        },
        can_lack=frozenset({"key.last_used_at"}),
    ),
    _mail("webhook_failing", "Webhook fails", "integrations",
        {**ENDPOINT, "problem": "It answered 500.", "off_at": LATER}),
    _mail(
        "webhook_switched_off", "Webhook switched off", "integrations",
        {
            **ENDPOINT, "endpoint.disabled_reason": "failing",
            "endpoint.get_disabled_reason_display": "it failed for days",
        },
    ),
    _mail(
        "channel_webhook_switched_off", "Webhook of a realtime app switched off", "integrations",
        {
            **NAME, "webhook.url": "https://hooks.lincoln.example/pusher",
            "webhook.get_disabled_reason_display": "it failed for days",
            "webhook.problem": "It answered 500.", "url": f"{URL}/settings/realtime/webhooks/{ID}/",
        },
    ),
    _mail(
        "course_enrolment", "Course enrolment", "courses",
        {
            **NAME, "person.get_short_name": "Sara", "by": "Tom Teacher",
            "course.name": "Volcanoes", "course.starts_at": LATER, "url": f"{URL}/courses/",
        },
    ),
    _mail(
        "digest", "Digest", "account",
        {
            "count": 2,
            "notices": [
                {"subject": "Volcano Lab 1.2.0 is live in production", "url": RELEASE["url"]},
                {"subject": "80 % of Members used", "url": f"{URL}/settings/usage/"},
            ],
        },
    ),
    _mail(
        "isolation_alarm", "Isolation alarm", "operations",
        {
            "probe.pk": ID, "probe.get_process_display": "web", "probe.node": "web-1",
            "probe.foreign": 1, "probe.reads": 40, "probe.unwalled": 0,
            "findings": [{"asked": "w_alpha", "shown": "w_beta", "way": "orm"}],
        },
    ),
    _mail(
        "rollout_stopped", "Rollout stopped", "operations",
        {
            "rollout.pk": ID, "rollout.target": "0.2.0",
            "rollout.get_state_display": "Stopped", "rollout.problem": "A ring failed its checks.",
        },
    ),
    _mail(
        "jobs_failing", "Jobs fail", "operations",
        {
            "alert.kind": "rate", "alert.name": "roblox.deploy", "alert.code": "internal_error",
            "alert.failed": 7, "alert.ended": 20, "alert.run_id": ID,
            "alert.detail": "Roblox answered nothing.",
        },
    ),
    _mail(
        "schedules_late", "Schedules are late", "operations",
        {"late": [{"name": "usage.settle", "words": "late: beat has not sent it"}]},
    ),
)  # fmt: skip
