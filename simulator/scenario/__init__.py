"""The scenario file: what it may say, typed, and how it is read and checked."""

from simulator.scenario.loader import Loaded, load, parse_step, parse_when
from simulator.scenario.model import Scenario

__all__ = ["Loaded", "Scenario", "load", "parse_step", "parse_when"]
