"""The time of a world, and what is due in it."""

from simulator.schedule import Agenda


def test_what_is_put_off_is_background() -> None:
    """What is background and due before a time comes at that time, as it was put down; all else keeps its own."""
    agenda = Agenda(100)
    done: list[tuple[str, int]] = []

    def note(name: str, time: int, background: bool) -> None:
        agenda.at(time, lambda: done.append((name, agenda.now)), background)

    note("second", 130, True)
    note("first", 110, True)
    note("mine", 120, False)
    note("later", 190, True)
    agenda.put_off(150)
    assert (agenda.next_due, agenda.awaited) == (120, 1)
    for act in agenda.due_by(200):
        act()
    assert done == [("mine", 120), ("second", 150), ("first", 150), ("later", 190)]
