"""The table of published records."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS dns_records (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
  created_at TEXT NOT NULL, UNIQUE (name, kind, value));
"""
TABLES = ("dns_records",)
