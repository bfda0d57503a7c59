"""A mock exchange to test trading clients against."""

__version__ = "0.1.0"
