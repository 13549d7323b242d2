"""What makes a migration dangerous on a running system, and what to write instead."""
