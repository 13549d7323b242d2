from __future__ import annotations

from django.urls import path

from apps.tenants.views import activity, domains, entrance, lifecycle, links, members, ownership

urlpatterns = [
    path("enter/", entrance.enter, name="enter"),
    path("members/", members.index, name="members"),
    path("members/invite/", members.invite, name="member_invite"),
    path("members/invite/many/", members.invite_many, name="member_invite_many"),
    path("members/leave/", members.leave, name="member_leave"),
    path("members/<uuid:pk>/role/", members.change_role, name="member_role"),
    path("members/<uuid:pk>/suspend/", members.suspend, name="member_suspend"),
    path("members/<uuid:pk>/resume/", members.resume, name="member_resume"),
    path("members/<uuid:pk>/remove/", members.remove, name="member_remove"),
    path("members/links/new/", links.create, name="link_new"),
    path("members/links/<uuid:pk>/revoke/", links.revoke, name="link_revoke"),
    path("settings/ownership/", ownership.show, name="ownership"),
    path("settings/ownership/offer/", ownership.offer, name="ownership_offer"),
    path("settings/ownership/<uuid:pk>/accept/", ownership.accept, name="ownership_accept"),
    path("settings/ownership/<uuid:pk>/decline/", ownership.decline, name="ownership_decline"),
    path("settings/ownership/<uuid:pk>/withdraw/", ownership.withdraw, name="ownership_withdraw"),
    path("invitations/<uuid:pk>/resend/", members.resend, name="invitation_resend"),
    path("invitations/<uuid:pk>/revoke/", members.revoke, name="invitation_revoke"),
    path("settings/domains/", domains.index, name="settings_domains"),
    path("settings/domains/main/", domains.make_main, name="domain_main"),
    path("settings/domains/<int:pk>/verify/", domains.verify, name="domain_verify"),
    path("settings/domains/<int:pk>/remove/", domains.remove, name="domain_remove"),
    path("settings/closing/", lifecycle.closing, name="settings_closing"),
    path("settings/closing/rename/", lifecycle.rename, name="workspace_rename"),
    path("settings/closing/delete/", lifecycle.delete, name="workspace_delete"),
    path("jobs/", activity.jobs, name="jobs"),
    path("jobs/fragment/", activity.jobs_fragment, name="jobs_fragment"),
    path("jobs/<uuid:pk>/", activity.job, name="job"),
    path("jobs/<uuid:pk>/fragment/", activity.job_fragment, name="job_fragment"),
    path("jobs/<uuid:pk>/cancel/", activity.cancel_job, name="job_cancel"),
    path("jobs/<uuid:pk>/replay/", activity.replay_job, name="job_replay"),
    path("audit/", activity.audit, name="audit"),
]
