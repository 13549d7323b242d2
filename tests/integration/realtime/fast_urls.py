from django.urls import include, path

urlpatterns = [path("apps/", include("apps.realtime.pusher_urls"))]
