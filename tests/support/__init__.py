"""What several tests share."""

from pathlib import Path

__all__ = ["FIXTURES"]

FIXTURES = Path(__file__).parents[2] / "fixtures"
"""The checkout's, of which a wheel holds only what users use."""
