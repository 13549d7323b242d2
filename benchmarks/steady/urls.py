"""One view of Django REST framework with one query, and nothing else."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.renderers import JSONRenderer

from apps.roblox.models import Experience


class ExperienceSerializer(serializers.ModelSerializer[Experience]):
    class Meta:
        model = Experience
        fields = ("id", "name", "slug", "universe_id")


class ExperienceList(ListAPIView[Experience]):
    queryset = Experience.objects.all()
    serializer_class = ExperienceSerializer
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    versioning_class = None
    pagination_class = None
    filter_backends = ()
    renderer_classes = (JSONRenderer,)


urlpatterns = [path("rows/", ExperienceList.as_view())]
