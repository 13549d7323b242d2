"""Roblox Open Cloud on the loopback: the same requests, refusals and limits, no account.

Runs as its own process (`python -m sandbox`) and shares no code with the product, so that
what the product believes about the vendor is checked against a second reading of the
vendor's documentation. docs/adr/0003-sandbox.md says why.
"""
