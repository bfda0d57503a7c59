"""What a test, a page or a program may ask of a running world and do to it: pure, one implementation for all."""

from simulator.control.control import Control, World

__all__ = ["Control", "World"]
