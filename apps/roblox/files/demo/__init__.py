"""A small lesson quiz as a real place file, made by this project's own writer."""

from .place import build_demo_place

__all__ = ["build_demo_place"]
