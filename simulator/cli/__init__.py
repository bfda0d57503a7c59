"""The command line: exchange-simulator."""
