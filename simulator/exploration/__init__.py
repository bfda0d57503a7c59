"""Exploration: what breaks a client that no case of the battery says.

Unkind venues are drawn, seed by seed; the client is put through the routine of the battery at each and held to the same
laws; what breaks it is made as small as can be, and saved with a test that shows it again.
"""

from simulator.exploration.explore import explore
from simulator.exploration.replaying import replay
from simulator.exploration.results import Cause, Exploration, Lost, SweepProgress

__all__ = ["Cause", "Exploration", "Lost", "SweepProgress", "explore", "replay"]
