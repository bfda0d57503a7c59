"""Laws of what passes between any client and any exchange: pure, of the journal and of what the exchange holds."""
