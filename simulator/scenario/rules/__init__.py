"""Which rule decides: conditions, the index over them, and the director that asks them."""
