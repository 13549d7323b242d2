from __future__ import annotations

from django.conf import settings

from apps.roblox.open_cloud_api import UPLOAD


def test_an_upload_ends_before_its_job_is_stopped():
    assert UPLOAD.total < settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT
