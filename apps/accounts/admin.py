from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from apps.accounts.models import OperatorDevice, User
from apps.accounts.services import people
from apps.core.errors import DomainError
from apps.core.operator_admin import Figure, ReadOnlyModelAdmin


@admin.register(User)
class UserAdmin(ReadOnlyModelAdmin):
    list_display = (
        "name",
        "email",
        "workspaces",
        "is_staff",
        "is_active",
        "last_login",
        "date_joined",
    )
    list_filter = ("is_active", "is_staff", "date_joined")
    search_fields = ("email", "name")
    fields = ("email", "name", "is_staff", "is_active", "last_login", "date_joined")
    actions: ClassVar[list[str]] = ["lock_out", "let_in"]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request)
        return people.annotate(membership_count=Count("memberships"))

    def figures(self) -> list[Figure]:
        return [self.figure("People", User.objects.filter(is_active=True).count())]

    @admin.display(description="Workspaces", ordering="membership_count")
    def workspaces(self, user: Any) -> int:
        return int(user.membership_count)

    @admin.action(description="Lock out of the product")
    def lock_out(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self._set_active(request, chosen, active=False)

    @admin.action(description="Let in again")
    def let_in(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self._set_active(request, chosen, active=True)

    def _set_active(self, request: HttpRequest, chosen: QuerySet[User], *, active: bool) -> None:
        for user in chosen:
            try:
                people.set_active(user=user, active=active, by=request.user)
            except DomainError as error:
                messages.error(request, f"{user.email or user}: {error.detail}")
            else:
                messages.success(
                    request, f"{user.email or user} {'may' if active else 'may not'} sign in."
                )


@admin.register(OperatorDevice)
class DeviceAdmin(ReadOnlyModelAdmin):
    """Authenticator apps of operators. Their secrets stay out of sight; a lost one is removed."""

    list_display = ("user", "name", "confirmed", "last_used_at", "created_at")
    search_fields = ("user__email",)
    fields = ("user", "name", "confirmed", "digits", "step", "last_used_at", "created_at")
    list_select_related = ("user",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OperatorDevice]:
        devices: QuerySet[OperatorDevice] = super().get_queryset(request)
        return devices.defer("key")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser and (obj is None or obj.user_id != request.user.pk))
