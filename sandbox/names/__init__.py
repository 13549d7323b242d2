"""A name server on the loopback, whose records are set and cleared by a person or a test."""
