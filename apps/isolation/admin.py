from __future__ import annotations

from django.contrib import admin
from django.utils import timezone

from apps.core.operator_admin import Figure, ReadOnlyModelAdmin
from apps.isolation.models import Probe

LATE_MINUTES = 10


@admin.register(Probe)
class ProbeAdmin(ReadOnlyModelAdmin):
    """What the probes saw; those that found something are kept for good."""

    list_display = (
        "started_at", "process", "node", "workspaces", "reads", "foreign", "unwalled",
        "milliseconds",
    )  # fmt: skip
    list_filter = ("process", "started_at", "foreign", "unwalled")
    search_fields = ("node", "findings")
    list_per_page = 50
    show_full_result_count = False

    def figures(self) -> list[Figure]:
        alarming = Probe.objects.alarming().of_a_day().count()
        figures = [self.figure("Leaks found in a day", alarming, "foreign__gt=0", alarm=True)]
        if newest := Probe.objects.first():
            minutes = int((timezone.now() - newest.started_at).total_seconds() // 60)
            late = minutes > LATE_MINUTES
            figures.append(self.figure("Minutes since isolation was probed", minutes, alarm=late))
        return figures
