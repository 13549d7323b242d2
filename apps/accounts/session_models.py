"""Where people are signed in."""

from __future__ import annotations

from typing import Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.ids import uuid7

# What browsers and programs call themselves, the more telling names first.
PROGRAMS: Final = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"),
    ("CrOS", "Chrome"), ("Chrome/", "Chrome"), ("CriOS/", "Chrome"), ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"), ("Safari/", "Safari"), ("curl/", "curl"),
    ("python", "Python"), ("okhttp", "Android app"), ("Roblox", "Roblox"),
)  # fmt: skip
SYSTEMS: Final = (
    ("CrOS", "Chromebook"), ("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Android", "Android"), ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


class UserSessionQuerySet(models.QuerySet["UserSession"]):
    def live(self) -> Self:
        return self.filter(ended_at__isnull=True)


class UserSession(models.Model):
    """One sign-in of a person on one host: a browser's, or an app's or script's with tokens."""

    class Kind(models.TextChoices):
        BROWSER = "browser", "Browser"
        TOKEN = "token", "App or script"

    class Ending(models.TextChoices):
        SIGNED_OUT = "signed_out", "signed out"
        REVOKED = "revoked", "ended from the list of devices"
        REPLAYED = "replayed", "a refresh token was used twice"
        PASSWORD = "password", "the password was changed"  # pragma: allowlist secret
        DEACTIVATED = "deactivated", "the person was locked out"
        MEMBERSHIP = "membership", "the membership ended"
        IDLE = "idle", "unused for too long"
        EXPIRED = "expired", "signed in for too long"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sessions"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # The workspace's schema; empty for the public host.
    schema_name = models.CharField(max_length=63, blank=True)
    # A browser's session in Django's table.
    session_key = models.CharField(max_length=40, null=True, unique=True)  # noqa: DJ001 -- unique
    # What an app or script calls itself.
    name = models.CharField(max_length=100, blank=True)
    # How often the refresh token was exchanged: the number that the valid one carries.
    rotation = models.PositiveIntegerField(default=0)
    # Changes with the password: a session of an earlier one is over.
    password_mark = models.CharField(max_length=64)
    proven_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=12, choices=Ending.choices, blank=True)

    objects = UserSessionQuerySet.as_manager()

    class Meta:
        ordering = ["-last_used_at"]
        indexes = [
            models.Index(
                fields=["user"], condition=Q(ended_at__isnull=True), name="user_session_live"
            ),
            models.Index(fields=["last_used_at"], name="user_session_used"),
        ]

    def __str__(self) -> str:
        return self.name or self.device

    @property
    def device(self) -> str:
        """What kind of device and program it was, in the words of people."""
        return describe(self.user_agent)


def describe(user_agent: str) -> str:
    """`Chrome on Windows` for a User-Agent header (RFC 9110 section 10.1.5)."""
    program = next((name for part, name in PROGRAMS if part in user_agent), "")
    system = next((name for part, name in SYSTEMS if part in user_agent), "")
    if program and system:
        return f"{program} on {system}"
    return program or system or user_agent.partition("/")[0][:40] or "Unknown device"
