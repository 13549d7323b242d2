"""The buttons for accounts elsewhere.

{% load elsewhere %}{% ways_elsewhere as ways %}{% for way in ways %}…{% endfor %}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse

from apps.accounts.social_adapter import configured

NAMES = {"google": "Google", "github": "GitHub"}
register = template.Library()


@dataclass(frozen=True)
class Way:
    """`path` lies on the public host, where the answers come to."""

    id: str
    name: str
    path: str

    @property
    def url(self) -> str:
        return settings.PUBLIC_URL + self.path


@register.simple_tag
def ways_elsewhere() -> list[Way]:
    """Whom the settings know, in their order."""
    return [_way(app) for app in configured()]


@register.simple_tag(takes_context=True)
def own_accounts_elsewhere(context: Any) -> list[Any]:
    """Those of the person who looks, each with `way_name` and `label`."""
    from allauth.socialaccount.models import SocialAccount

    names = {way.id: way.name for way in ways_elsewhere()}
    accounts = list(SocialAccount.objects.filter(user=context["request"].user).order_by("pk"))
    for account in accounts:
        account.way_name = names.get(account.provider, account.provider.capitalize())
        account.label = _label(account.extra_data) or account.uid
    return accounts


def _way(app: Any) -> Way:
    if app.provider_id:
        path = reverse(
            "openid_connect_login",
            settings.PUBLIC_SCHEMA_URLCONF,
            kwargs={"provider_id": app.provider_id},
        )
        return Way(app.provider_id, app.name, path)
    path = reverse(f"{app.provider}_login", settings.PUBLIC_SCHEMA_URLCONF)
    return Way(app.provider, NAMES[app.provider], path)


def _label(told: dict[str, Any]) -> str:
    """What the person knows that account by."""
    about = {**told, **(told.get("id_token") or {}), **(told.get("userinfo") or {})}
    for name in ("email", "preferred_username", "login", "name"):
        if about.get(name):
            return str(about[name])
    return ""
