"""Pages of a workspace about Roblox: each view parses, calls one service, renders."""
