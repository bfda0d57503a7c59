"""Keeping an exchange over a crash: everything that came from outside, written down before it is answered.

What decides is pure, so these inputs, each with its time, make the same exchange again.
"""

from simulator.command_log.apply import CommandRunner, refuse_to_keep_connections
from simulator.command_log.control_call import encode_call
from simulator.command_log.folder import Folder
from simulator.command_log.log import DiskFile, File, Log, Sync
from simulator.command_log.records import (
    CLOSE,
    CONTROL,
    DOWN,
    IN,
    OPEN,
    TIME,
    CommandLogError,
    Contents,
    Header,
    Input,
    read,
)
from simulator.command_log.recovery import Recovered, begin, header_of, rebuild, recover
from simulator.command_log.snapshot import decode_snapshot, encode_snapshot, given_of
from simulator.command_log.snapshots import Snapshots
from simulator.command_log.state_hash import state_hash
from simulator.command_log.writer import CommandWriter

__all__ = [
    "CLOSE",
    "CONTROL",
    "DOWN",
    "IN",
    "OPEN",
    "TIME",
    "CommandLogError",
    "CommandRunner",
    "CommandWriter",
    "Contents",
    "DiskFile",
    "File",
    "Folder",
    "Header",
    "Input",
    "Log",
    "Recovered",
    "Snapshots",
    "Sync",
    "begin",
    "decode_snapshot",
    "encode_call",
    "encode_snapshot",
    "given_of",
    "header_of",
    "read",
    "rebuild",
    "recover",
    "refuse_to_keep_connections",
    "state_hash",
]
