from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.mail.api import views

router = SimpleRouter()
router.register("sender-domains", views.SenderDomainViewSet, basename="sender-domain")
router.register("mail-suppressions", views.SuppressionViewSet, basename="mail-suppression")
router.register("mails", views.MailViewSet, basename="mail")

urlpatterns = router.urls
