from __future__ import annotations

from django.urls import path

from apps.tenants.views import activity, entrance, members, settings

urlpatterns = [
    path("enter/", entrance.enter, name="enter"),
    path("members/", members.index, name="members"),
    path("members/invite/", members.invite, name="invite_member"),
    path("members/leave/", members.leave, name="leave_workspace"),
    path("members/<uuid:membership_id>/role/", members.change_role, name="change_role"),
    path("members/<uuid:membership_id>/remove/", members.remove, name="remove_member"),
    path("invitations/<uuid:invitation_id>/resend/", members.resend, name="resend_invitation"),
    path("invitations/<uuid:invitation_id>/revoke/", members.revoke, name="revoke_invitation"),
    path("settings/", settings.edit, name="settings"),
    path("jobs/", activity.jobs, name="jobs"),
    path("jobs/<uuid:run_id>/", activity.job, name="job"),
    path("jobs/<uuid:run_id>/fragment/", activity.job_fragment, name="job_fragment"),
    path("audit/", activity.audit, name="audit"),
]
