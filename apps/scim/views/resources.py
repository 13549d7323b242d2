"""`/scim/v2/Users` and `/scim/v2/Groups` (RFC 7644 section 3)."""

from __future__ import annotations

from typing import Any

from apps.scim import documents, filters, patches
from apps.scim.models import ScimGroup, ScimUser
from apps.scim.services import groups, users
from apps.scim.views.endpoint import Endpoint, listed

Answer = tuple[int, Any, dict[str, str]]


class Users(Endpoint):
    def get(self, request: Any) -> Answer:
        rows = filters.apply(
            users.of(self.tenant), request.GET.get("filter", ""), filters.USER
        ).order_by("id")
        start, count = self.page()
        found = rows[start - 1 : start - 1 + count]
        shown = [documents.user(row, self.base) for row in found]
        return 200, listed(rows.count(), start, shown), {}

    def post(self, _request: Any) -> Answer:
        values = documents.read_user(self.body())
        row = users.create(tenant=self.tenant, values=values, by=self.by)
        return self._shown(row, 201)

    def _shown(self, row: ScimUser, status: int = 200) -> Answer:
        document = documents.user(row, self.base)
        return status, document, _headers(document)


class OneUser(Users):
    def get(self, _request: Any, resource_id: str) -> Answer:  # type: ignore[override]
        row = self._found(resource_id)
        if self.is_known(row.version):
            return 304, None, {"ETag": row.version}
        return self._shown(row)

    def put(self, _request: Any, resource_id: str) -> Answer:
        return self._change(self._found(resource_id), self.body())

    def patch(self, _request: Any, resource_id: str) -> Answer:
        row = self._found(resource_id)
        return self._change(row, patches.apply(documents.user(row, self.base), self.body()))

    def delete(self, _request: Any, resource_id: str) -> Answer:
        row = self._found(resource_id)
        self.check_version(row.version)
        users.delete(row=row, by=self.by)
        return 204, None, {}

    post = None  # type: ignore[assignment]

    def _found(self, resource_id: str) -> ScimUser:
        return users.find(tenant=self.tenant, resource_id=resource_id)

    def _change(self, row: ScimUser, document: Any) -> Answer:
        self.check_version(row.version)
        values = documents.read_user(document)
        return self._shown(users.change(row=row, values=values, by=self.by))


class Groups(Endpoint):
    def get(self, request: Any) -> Answer:
        with_members = not self.leaves_out("members")
        rows = filters.apply(
            groups.of(self.tenant, with_members=with_members),
            request.GET.get("filter", ""),
            filters.GROUP,
        ).order_by("id")
        start, count = self.page()
        found = rows[start - 1 : start - 1 + count]
        shown = [documents.group(row, self.base, with_members=with_members) for row in found]
        return 200, listed(rows.count(), start, shown), {}

    def post(self, _request: Any) -> Answer:
        name, external_id, members = documents.read_group(self.body())
        row = groups.create(
            tenant=self.tenant, name=name, external_id=external_id, members=members, by=self.by
        )
        return self._shown(row, 201)

    def _shown(self, row: ScimGroup, status: int = 200) -> Answer:
        with_members = not self.leaves_out("members")
        document = documents.group(row, self.base, with_members=with_members)
        return status, document, _headers(document)


class OneGroup(Groups):
    def get(self, _request: Any, resource_id: str) -> Answer:  # type: ignore[override]
        row = self._found(resource_id)
        if self.is_known(row.version):
            return 304, None, {"ETag": row.version}
        return self._shown(row)

    def put(self, _request: Any, resource_id: str) -> Answer:
        row, body = self._found(resource_id), self.body()
        whole = {"members": [], **body} if isinstance(body, dict) else body
        return self._change(row, whole)

    def patch(self, _request: Any, resource_id: str) -> Answer:
        row = self._found(resource_id)
        return self._change(row, patches.apply(documents.group(row, self.base), self.body()))

    def delete(self, _request: Any, resource_id: str) -> Answer:
        row = self._found(resource_id)
        self.check_version(row.version)
        groups.delete(row=row, by=self.by)
        return 204, None, {}

    post = None  # type: ignore[assignment]

    def _found(self, resource_id: str) -> ScimGroup:
        return groups.find(tenant=self.tenant, resource_id=resource_id)

    def _change(self, row: ScimGroup, document: Any) -> Answer:
        self.check_version(row.version)
        name, external_id, members = documents.read_group(document)
        changed = groups.change(
            row=row, name=name, external_id=external_id, members=members, by=self.by
        )
        return self._shown(changed)


def _headers(document: dict[str, Any]) -> dict[str, str]:
    return {"ETag": document["meta"]["version"], "Location": document["meta"]["location"]}
