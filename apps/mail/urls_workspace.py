from __future__ import annotations

from django.urls import path

from apps.mail import log, sender_views, suppressed

urlpatterns = [
    path("settings/mail/", log.index, name="settings_mail"),
    path("settings/mail/suppressed/", suppressed.index, name="suppressions"),
    path("settings/mail/suppressed/<uuid:pk>/lift/", suppressed.lift, name="suppression_lift"),
    path("settings/mail/senders/", sender_views.index, name="sender_domains"),
    path("settings/mail/senders/<uuid:pk>/", sender_views.detail, name="sender_domain"),
    path(
        "settings/mail/senders/<uuid:pk>/verify/", sender_views.verify, name="sender_domain_verify"
    ),
    path("settings/mail/senders/<uuid:pk>/retry/", sender_views.retry, name="sender_domain_retry"),
    path(
        "settings/mail/senders/<uuid:pk>/choose/", sender_views.choose, name="sender_domain_choose"
    ),
    path(
        "settings/mail/senders/<uuid:pk>/remove/", sender_views.remove, name="sender_domain_remove"
    ),
]
