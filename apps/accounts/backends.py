"""Who is it, by e-mail and password?"""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from apps.accounts.models import User


class PersonBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's, which hashes once whether or not there is such a person. What it refuses no
    other backend is asked, which would hash again, and only sometimes.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user is None and credentials.get("password"):
            raise PermissionDenied
        return user
