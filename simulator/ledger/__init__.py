"""Keeping an exchange over a crash: everything that came from outside, written down before it is answered.

What decides is pure, so these inputs, each with its time, make the same exchange again.
"""

from simulator.ledger.folder import Folder
from simulator.ledger.keeper import Keeper
from simulator.ledger.log import DiskFile, File, Log, Sync
from simulator.ledger.performing import Performer
from simulator.ledger.records import CLOSE, DOWN, IN, OPEN, TIME, Contents, Header, Input, LedgerError, read
from simulator.ledger.recovery import Recovered, begin, header_of, rebuild, recover
from simulator.ledger.state import state_hash

__all__ = [
    "CLOSE",
    "DOWN",
    "IN",
    "OPEN",
    "TIME",
    "Contents",
    "DiskFile",
    "File",
    "Folder",
    "Header",
    "Input",
    "Keeper",
    "LedgerError",
    "Log",
    "Performer",
    "Recovered",
    "Sync",
    "begin",
    "header_of",
    "read",
    "rebuild",
    "recover",
    "state_hash",
]
