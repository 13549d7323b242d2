"""Monthly recurring revenue: pure, Stripe's objects and plain rows in, figures out."""
