from django.urls import include, path

urlpatterns = [path("apps/", include("apps.realtime.api_urls"))]
