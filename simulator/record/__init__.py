"""Sessions that were seen between a client and an endpoint, as scenarios that replay."""

from simulator.record.fidelity import shortcomings
from simulator.record.omissions import left_out
from simulator.record.reading import RecordedEvent
from simulator.record.session import scenario_of

__all__ = ["RecordedEvent", "left_out", "scenario_of", "shortcomings"]
