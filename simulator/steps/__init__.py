"""What a scenario's steps do to a world."""
