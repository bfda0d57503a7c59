"""What a test suite uses: a running exchange, and hypothesis strategies."""
