"""The XML format (.rbxlx, .rbxmx), as described by the rbx-dom project's `docs/xml.md`."""
