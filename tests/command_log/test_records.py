import contextlib
import re
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from simulator.command_log import CLOSE, DOWN, IN, OPEN, TIME, CommandLogError, Contents, Header, Input, read
from simulator.command_log.records import encode_header, encode_inputs

HEADER = Header("0.1.0", "partial-fill", "{}", "small", "ab" * 32, "7", 1_700_000_000_000_000_000, 6, 1000)
INPUTS = st.builds(
    Input,
    st.integers(0, 1 << 62),
    st.sampled_from([OPEN, IN, CLOSE, TIME, DOWN]),
    st.integers(0, 1 << 40),
    st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.binary(max_size=40)),
)
THREE = [Input(1, OPEN, 0, "/"), Input(2, IN, 1, '{"id":1}'), Input(3, CLOSE, 1, "gone")]


def encoded(inputs: Sequence[Input]) -> tuple[bytes, list[int]]:
    """Return a file, and the places at which its records begin and end."""
    data, salt = encode_header(HEADER)
    chain, places = salt, [len(data)]
    for entry in inputs:
        record, chain = encode_inputs([entry], salt, chain)
        data += record
        places.append(len(data))
    return data, places


def offset_of(error: CommandLogError) -> int:
    """Return the offset that an error names."""
    found = re.match(r"the command log is damaged at byte (\d+): ", str(error))
    assert found, error
    return int(found[1])


@given(st.lists(INPUTS, max_size=8))
def test_round_trip(inputs: list[Input]) -> None:
    """What is written is read, with the checksums from which the next record goes on."""
    data, salt = encode_header(HEADER)
    records, chain = encode_inputs(inputs, salt, salt)
    data += records
    assert read(data) == Contents(HEADER, inputs, len(data), len(data), salt, chain)
    assert encoded(inputs)[0] == data


@given(st.lists(INPUTS, max_size=8), st.data())
def test_any_cut(inputs: list[Input], data: st.DataObject) -> None:
    """A file cut anywhere gives the inputs that are whole; one cut in its header is refused with the offset."""
    whole, places = encoded(inputs)
    end = data.draw(st.integers(0, len(whole)))
    if end < places[0]:
        with pytest.raises(CommandLogError, match=r"damaged at byte|is in format"):
            read(whole[:end])
        return
    contents = read(whole[:end])
    count = sum(place <= end for place in places) - 1
    assert (contents.inputs, contents.end, contents.size) == (inputs[:count], places[count], end)


@given(st.lists(INPUTS, min_size=1, max_size=8), st.data())
def test_any_changed_byte(inputs: list[Input], data: st.DataObject) -> None:
    """A changed byte is refused with the offset of its record, the last one included; nothing wrong is read."""
    whole, places = encoded(inputs)
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[at] ^= data.draw(st.integers(1, 255))
    number = sum(place <= at for place in places)
    assume(not changed.endswith(bytes(8)))
    with pytest.raises(CommandLogError) as caught:
        read(bytes(changed))
    if at >= places[0]:
        assert offset_of(caught.value) == places[number - 1]


@given(st.lists(INPUTS, min_size=2, max_size=8), st.data())
def test_any_missing_record(inputs: list[Input], data: st.DataObject) -> None:
    """A record that is taken out shows where it stood."""
    whole, places = encoded(inputs)
    number = data.draw(st.integers(0, len(inputs) - 2))
    with pytest.raises(CommandLogError) as caught:
        read(whole[: places[number]] + whole[places[number + 1] :])
    assert offset_of(caught.value) == places[number]


@given(INPUTS, st.data())
def test_any_record_that_is_cut_off(last: Input, data: st.DataObject) -> None:
    """A record that was not written to its end is cut off, whatever the disk made of the rest."""
    whole, places = encoded([*THREE, last])
    end = data.draw(st.integers(places[-2], places[-1] - 1))
    zeros = data.draw(st.sampled_from([0, 8, 100]))
    contents = read(whole[:end] + bytes(zeros))
    assert (contents.inputs, contents.end, contents.size) == (THREE, places[-2], end + zeros)


@given(st.binary(max_size=60))
@example(bytes(60))
@example(b"\x94" * 60)
def test_any_tail(tail: bytes) -> None:
    """Of what stands at the end without being whole nothing is read: it is cut off, or refused."""
    whole, places = encoded(THREE)
    found = [(THREE, places[-1], places[-1] + len(tail))]
    with contextlib.suppress(CommandLogError):
        contents = read(whole + tail)
        found.append((contents.inputs, contents.end, contents.size))
    assert found[0] == found[-1]


def test_last_record_that_was_changed() -> None:
    """Whichever bit of the last record is another, it is refused and not cut off: a client was told of what it says."""
    whole, places = encoded(THREE)
    for bit in range(8 * places[-2], 8 * places[-1]):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CommandLogError) as caught:
            read(bytes(changed))
        assert offset_of(caught.value) == places[-2]


def test_changed_length() -> None:
    """A length that leads nowhere does not hide that whole records follow."""
    whole, places = encoded(THREE)
    changed = whole[: places[1]] + b"\xff\xff\xff\x7f" + whole[places[1] + 4 :]
    with pytest.raises(CommandLogError) as caught:
        read(changed)
    assert str(caught.value) == (
        f"the command log is damaged at byte {places[1]}: the record is damaged, and whole ones follow it"
    )


def test_records_within_a_message() -> None:
    """What a client says cannot be taken for a record of its command log when the one that holds it is torn."""
    forged, _ = encode_inputs([Input(9, IN, 1, "forged")], 0, 0)
    inputs = [*THREE, Input(4, IN, 1, forged + bytes(100))]
    whole, places = encoded(inputs)
    assert read(whole[:-50])[1:4] == (THREE, places[-2], len(whole) - 50)


def test_whole_record_that_is_no_input() -> None:
    """A record whose checksum is right and whose contents are none of ours is refused."""
    data, salt = encode_header(HEADER)
    odd = msgspec.structs.replace(THREE[0], kind="odd")
    record, _ = encode_inputs([odd], salt, salt)
    with pytest.raises(CommandLogError, match=f"damaged at byte {len(data)}: the record cannot be read"):
        read(data + record)


def test_other_files() -> None:
    """A file that is none, and one of another format, are refused for what they are."""
    for data in (b"", b"name: x\n"):
        with pytest.raises(CommandLogError) as caught:
            read(data)
        assert str(caught.value) == "the command log is damaged at byte 0: this is no command log of this program's"
    with pytest.raises(CommandLogError) as caught:
        read(b"exsimlg\x09")
    assert str(caught.value) == "the command log is in format 9, and this version reads format 3"
