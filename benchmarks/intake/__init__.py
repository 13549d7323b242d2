"""Real events of the sandbox's Stripe, and both views beside each other."""
