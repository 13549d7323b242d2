"""The export file, without Django: what it holds, how it is signed, sealed and counted.

Described in docs/adr/0010-export-format.md.
"""
