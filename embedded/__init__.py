"""PostgreSQL and Valkey out of wheels, and the supervisor behind `make up`.

Standard library only: the package starts on a bare Python, before `.venv` exists.
"""
