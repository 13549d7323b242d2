"""The binary format (.rbxl, .rbxm), as described by the rbx-dom project's `docs/binary.md`."""
