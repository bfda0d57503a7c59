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


def test_time_skips_to_a_moment_with_nothing_due_before_it() -> None:
    """Time passes at once as long as nothing is due, never goes back, and stays if something is due by then."""
    schedule = Schedule(100)
    schedule.at(130, lambda: None)
    schedule.cause = 7
    assert (schedule.skip_to(120), schedule.now, schedule.cause) == (True, 120, 0)
    assert (schedule.skip_to(110), schedule.now) == (True, 120)
    schedule.cause = 7
    assert (schedule.skip_to(130), schedule.now, schedule.cause) == (False, 120, 7)
