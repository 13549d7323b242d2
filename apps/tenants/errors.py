from __future__ import annotations

from apps.core.errors import Conflict, NotAllowed


class SlugTaken(Conflict):
    code = "slug_taken"
    title = "This workspace address is taken"


class LastOwner(Conflict):
    code = "last_owner"
    title = "A workspace needs at least one owner"


class PermissionMissing(NotAllowed):
    code = "permission_missing"
    title = "Your role does not allow this"
