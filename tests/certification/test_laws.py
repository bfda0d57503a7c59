"""Laws hold whatever passed, damaged messages among it."""

from simulator.certification import LAWS, ClientBounds, Evidence


def test_messages_that_cannot_be_read_break_no_law() -> None:
    """What a scenario damaged is passed over: no law fails of it, or finds anything."""
    damaged = [
        b'\xff\xfe "Out"',
        b'{"response": "Out"',
        b'{"response": ["Out"]}',
        b'["Out"]',
        b'"Out"',
        b'{"Ok": "Out"}',
    ]
    journal = [(at, 1, "out", data) for at, data in enumerate(damaged)]
    evidence = Evidence(journal, {}, [], ClientBounds(), 1)
    assert [finding for law in LAWS for finding in law(evidence)] == []
