"""The time of a world, and what is due in it."""

from simulator.schedule import Schedule


def test_what_is_put_off_is_background() -> None:
    """What is background and due before a time comes at that time, as it was put down; all else keeps its own."""
    schedule = Schedule(100)
    done: list[tuple[str, int]] = []

    def note(name: str, time: int, background: bool) -> None:
        schedule.at(time, lambda: done.append((name, schedule.now)), background)

    note("second", 130, True)
    note("first", 110, True)
    note("mine", 120, False)
    note("later", 190, True)
    schedule.put_off(150)
    assert (schedule.next_due, schedule.awaited) == (120, 1)
    for act in schedule.due_by(200):
        act()
    assert done == [("mine", 120), ("second", 150), ("first", 150), ("later", 190)]
