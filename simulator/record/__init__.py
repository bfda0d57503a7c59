"""Sessions that were seen between a client and an endpoint, as scenarios that replay."""

from simulator.record.session import Seen, scenario_of
from simulator.record.text import yaml_of

__all__ = ["Seen", "scenario_of", "yaml_of"]
