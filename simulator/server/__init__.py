"""Sockets and the wall's clock around a simulation."""

from simulator.server.server import DEFAULT_HOST, DEFAULT_PORT, Server
from simulator.server.settings import Settings

__all__ = ["DEFAULT_HOST", "DEFAULT_PORT", "Server", "Settings"]
