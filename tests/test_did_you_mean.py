import difflib
import random

from simulator.did_you_mean import most_alike, nearest

VENUES = ("COINBASE", "KRAKEN", "BINANCE", "DERIBIT", "BYBIT")
NAMES = [
    f"{base}{n} Crypto/{quote}*{v}/DIRECT"
    for n in range(200)
    for base in ("BTC", "SOL")
    for quote in ("USD", "EUR")
    for v in VENUES
]


def _misspelt(name: str, rng: random.Random) -> str:
    at = rng.randrange(len(name))
    return name[:at] + rng.choice(["", "x", name[at] * 2]) + name[at + 1 :]


def test_nearest_of_many_is_the_nearest_of_all() -> None:
    """Among four thousand names the hint is as near as the one that a comparison with each of them finds."""
    rng = random.Random(7)
    folded = [name.casefold() for name in NAMES]
    for name in rng.sample(NAMES, 8):
        word = _misspelt(name, rng).casefold()
        few = difflib.get_close_matches(word, most_alike(word, folded), n=1)
        every = difflib.get_close_matches(word, folded, n=1)
        assert _ratio(word, few[0]) == _ratio(word, every[0])


def _ratio(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, other, one).ratio()


def test_few_are_compared() -> None:
    """However many words there are, only a hundred are compared closely."""
    assert len(most_alike("BTC1 Crypto", NAMES)) == 100
    assert most_alike("x", ["a", "b"]) == ["a", "b"]


def test_hint() -> None:
    """The hint names the word as it is spelt, and is empty where nothing is near."""
    assert nearest("btc7 crypto/usd*krakn/direct", NAMES) == "; did you mean 'BTC7 Crypto/USD*KRAKEN/DIRECT'?"
    assert nearest("rejct", ["ack", "reject"]) == "; did you mean 'reject'?"
    assert nearest("zzz", NAMES) == ""
