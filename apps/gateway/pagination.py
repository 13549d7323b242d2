from __future__ import annotations

from rest_framework import pagination


class CursorPagination(pagination.CursorPagination):
    """`?cursor=&page_size=` over time-sorted keys: stable while rows are added."""

    ordering = "-id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
