import gc

from simulator.server.garbage import short_searches


def test_what_a_long_search_has_left_is_set_aside() -> None:
    """What is there at first and what a long search has left is not looked through again."""
    now, lasts = 0.0, 0.0

    def clock() -> float:
        nonlocal now
        now += lasts
        return now

    callbacks = list(gc.callbacks)
    counts = []
    with short_searches(clock):
        counts.append(gc.get_freeze_count())
        kept: list[list[int]] = [[] for _ in range(1000)]
        gc.collect()
        counts.append(gc.get_freeze_count())
        lasts = 0.01
        gc.collect(1)
        counts.append(gc.get_freeze_count())
        gc.collect()
        counts.append(gc.get_freeze_count())
    assert len(kept) == 1000
    assert max(counts[1:3]) <= counts[0]
    assert counts[3] >= counts[2] + 1000
    assert gc.callbacks == callbacks
    gc.unfreeze()
