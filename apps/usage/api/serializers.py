"""The shapes of usage and schools in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.usage.plans import FEATURES, LIMITS, METRICS


class UsageQuery(serializers.Serializer[Any]):
    by = serializers.ChoiceField(choices=["day", "month"], default="day")

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python, so it cannot be written as an attribute.
        first = serializers.DateField(
            required=False, help_text="first day, UTC; 30 days or 12 months when left out"
        )
        last = serializers.DateField(required=False, help_text="last day, UTC; today when left out")
        return {**super().get_fields(), "from": first, "to": last}


class PlanSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()


class LimitSerializer(serializers.Serializer[Any]):
    limit = serializers.ChoiceField(source="limit.key", choices=list(LIMITS))
    title = serializers.CharField(source="limit.label")
    unit = serializers.ChoiceField(source="limit.unit", choices=["count", "bytes"])
    period = serializers.ChoiceField(source="limit.period", choices=["now", "day", "month"])
    used = serializers.IntegerField()
    own = serializers.IntegerField(help_text="this workspace's part of `used`")
    most = serializers.IntegerField(allow_null=True, help_text="null: not limited")
    percent = serializers.IntegerField(allow_null=True)
    shared = serializers.BooleanField(source="is_shared", help_text="with a district's schools")
    resets_at = serializers.DateTimeField(allow_null=True)


class PointSerializer(serializers.Serializer[Any]):
    start = serializers.DateField(help_text="the day, or the first of the month (UTC)")
    amount = serializers.IntegerField(allow_null=True, help_text="null: not sampled")


class FeatureSerializer(serializers.Serializer[Any]):
    feature = serializers.ChoiceField(source="feature.name", choices=list(FEATURES))
    title = serializers.CharField(source="feature.label")
    usable = serializers.BooleanField()
    included = serializers.BooleanField(help_text="false while it goes on from an earlier plan")
    until = serializers.DateTimeField(allow_null=True, help_text="when that ends")
    plan = serializers.CharField(source="plan.slug", help_text="the smallest plan that has it")


class SeriesSerializer(serializers.Serializer[Any]):
    metric = serializers.ChoiceField(source="metric.name", choices=list(METRICS))
    title = serializers.CharField(source="metric.label")
    unit = serializers.ChoiceField(source="metric.unit", choices=["count", "bytes"])
    gauge = serializers.BooleanField(
        source="metric.gauge", help_text="true: how much there was; false: how often it happened"
    )
    points = PointSerializer(many=True)


class UsageSerializer(serializers.Serializer[Any]):
    plan = PlanSerializer()
    by = serializers.ChoiceField(choices=["day", "month"])
    limits = LimitSerializer(many=True)
    features = FeatureSerializer(many=True)
    series = SeriesSerializer(many=True)


class SchoolSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="tenant.name")
    slug = serializers.CharField(source="tenant.slug")
    url = serializers.CharField(source="tenant.url")
    state = serializers.CharField(source="tenant.state")
    created_at = serializers.DateTimeField(source="tenant.created_at")
    used = serializers.DictField(
        child=serializers.IntegerField(), help_text="by limit, up to a minute old"
    )
    last_active = serializers.DateField(allow_null=True)
