"""Worlds in process, a client that is connected to one, and hypothesis on a machine that may be slow."""

from collections.abc import Callable

import pytest
import yaml  # noqa: F401 - before a test of pytester's does: it would be forgotten with that test, but for its C part
from hypothesis import HealthCheck, settings

from simulator.catalogue import Catalogue
from support.gateway import Client, World, quiet_catalogue

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(scope="session")
def _quiet() -> Catalogue:
    return quiet_catalogue()


@pytest.fixture
def world(_quiet: Catalogue) -> World:
    """A world in which only clients trade, with the accounts DEFAULT, ALICE and BOB."""
    return World(_quiet, seed=7)


@pytest.fixture
def make_world(_quiet: Catalogue) -> Callable[..., World]:
    """Make a world like that one, but for what is said of it."""
    return lambda **options: World(_quiet, seed=7, **options)


@pytest.fixture
def client(world: World) -> Client:
    """A connection to that world that is bound to no account."""
    return world.connect()


@pytest.fixture
def reference() -> World:
    """A world that holds just the names of the API reference."""
    return World("reference", seed=7)
