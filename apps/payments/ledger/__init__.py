"""What Stripe's objects mean in double-entry bookkeeping: pure functions, no database."""
