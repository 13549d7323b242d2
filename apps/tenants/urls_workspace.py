from __future__ import annotations

from django.urls import path

from apps.tenants.views import activity, entrance, members, settings

urlpatterns = [
    path("enter/", entrance.enter, name="enter"),
    path("members/", members.index, name="members"),
    path("members/invite/", members.invite, name="member_invite"),
    path("members/leave/", members.leave, name="member_leave"),
    path("members/<uuid:pk>/role/", members.change_role, name="member_role"),
    path("members/<uuid:pk>/remove/", members.remove, name="member_remove"),
    path("invitations/<uuid:pk>/resend/", members.resend, name="invitation_resend"),
    path("invitations/<uuid:pk>/revoke/", members.revoke, name="invitation_revoke"),
    path("settings/", settings.edit, name="settings"),
    path("jobs/", activity.jobs, name="jobs"),
    path("jobs/fragment/", activity.jobs_fragment, name="jobs_fragment"),
    path("jobs/<uuid:pk>/", activity.job, name="job"),
    path("jobs/<uuid:pk>/fragment/", activity.job_fragment, name="job_fragment"),
    path("audit/", activity.audit, name="audit"),
]
