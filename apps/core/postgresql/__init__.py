"""Django's PostgreSQL backend with the workspace in every message (docs/adr/0006)."""
