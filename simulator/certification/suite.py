"""The battery as a test class of pytest: a test for each case."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from simulator.catalogue import Catalogue
from simulator.certification.case import Case
from simulator.certification.cases import CASES
from simulator.certification.certify import certify, runs_on_a_loop, takes_too_long
from simulator.certification.evidence import ClientBounds
from simulator.certification.report import explanation

__all__ = ["CertificationTests"]


class CertificationTests:
    """Certifies a client in pytest::

        class TestMyClient(CertificationTests):
            make_client = MyClient

    ``-k``, marks, xfail and pytest-xdist work as with any test.

    Attributes:
        make_client: makes a new client for each case, with the methods of `simulator.certification.AsyncClient`: a
            class, or a static method.
        catalogue: what the exchange trades.
        product: what the client is asked to trade, and ``account`` for which.
        seed: what is random at the venue is drawn from it.
        bounds: what the client is held to.
        pace: for a client that is not async: how many seconds of the exchange's time one of the wall's is.
    """

    make_client: ClassVar[Callable[[], Any]]
    catalogue: ClassVar[Catalogue | str | None] = None
    product: ClassVar[str | None] = None
    account: ClassVar[str | None] = None
    seed: ClassVar[int] = 0
    bounds: ClassVar[ClientBounds | None] = None
    pace: ClassVar[float] = 1.0

    @pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
    def test_survives(self, case: Case) -> None:
        """The client survives what the venue does."""
        __tracebackhide__ = True
        if takes_too_long(case, self.pace) and not runs_on_a_loop(type(self).make_client):
            pytest.skip(f"lasts {case.length / self.pace:.0f} s by the wall's clock: take a higher pace")
        (verdict,) = certify(
            type(self).make_client,
            cases=[case],
            catalogue=self.catalogue,
            product=self.product,
            account=self.account,
            seed=self.seed,
            bounds=self.bounds,
            pace=self.pace,
        )
        if not verdict.survives:
            again = f"pytest -k {case.name}"
            pytest.fail("\n".join(explanation(verdict, again)), pytrace=False)
