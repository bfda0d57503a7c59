"""The command `diff`: the first place where two journals part, of two files or of those in two folders."""

import json
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.journal.journal import Journal
from simulator.journal.lines import json_lines
from simulator.testing.exchange import Exchange


def written(path: Path, *messages: str, kind: str = "out") -> str:
    """Write a journal of messages, a nanosecond apart; return its path."""
    journal = Journal()
    for number, message in enumerate(messages):
        journal.write(number, 1, kind, message)
    path.write_bytes(b"".join(line + b"\n" for line in json_lines(journal)))
    return str(path)


def test_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of two journals that are the same nothing is said, and the status is 0."""
    first, second = written(tmp_path / "a", "1", "2"), written(tmp_path / "b", "1", "2")
    assert (main(["diff", first, second]), capsys.readouterr().out) == (0, "")


def test_the_place_where_they_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines that differ are shown, three before them, and which fields differ; the status is 1."""
    first = written(tmp_path / "a", "1", "2", "3", "4", '{"a":[1,{"b":2}],"c":3}', "6")
    second = written(tmp_path / "b", "1", "2", "3", "4", '{"a":[1,{"b":5}],"d":3}', "7")
    assert main(["diff", first, second]) == 1
    assert capsys.readouterr().out == (
        "the journals part at line 5:\n"
        "  1970-01-01T00:00:00.000000001Z #1 <-- 2\n"
        "  1970-01-01T00:00:00.000000002Z #1 <-- 3\n"
        "  1970-01-01T00:00:00.000000003Z #1 <-- 4\n"
        '- 1970-01-01T00:00:00.000000004Z #1 <-- {"a":[1,{"b":2}],"c":3}\n'
        '+ 1970-01-01T00:00:00.000000004Z #1 <-- {"a":[1,{"b":5}],"d":3}\n'
        "    data.a[1].b: 2 and 5\n"
        "    data.c: 3 and null\n"
        "    data.d: null and 3\n"
    )


def test_one_ends_before_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where one journal goes on, its line is shown beside the other's end."""
    first, second = written(tmp_path / "a", "1"), written(tmp_path / "b", "1", "2")
    assert main(["diff", first, second]) == 1
    assert capsys.readouterr().out == (
        "the journals part at line 2:\n"
        "  1970-01-01T00:00:00.000000000Z #1 <-- 1\n"
        "- (its end)\n"
        "+ 1970-01-01T00:00:00.000000001Z #1 <-- 2\n"
    )


def test_digits_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Journals are compared byte by byte, so 1 and 1.0 differ."""
    first, second = written(tmp_path / "a", "1"), written(tmp_path / "b", "1.0")
    assert main(["diff", first, second]) == 1


@pytest.mark.parametrize("content", [b"no json\n", b"[]\n", b"\xff\n", b"[" * 100_000])
def test_what_is_no_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    """A file that is no journal is a mistake, said with its line."""
    good, bad = written(tmp_path / "a", "1"), tmp_path / "bad"
    bad.write_bytes(content)
    assert main(["diff", str(bad), good]) == 2
    assert capsys.readouterr().err.startswith(f"exchange-simulator: {bad}:1: expected an entry of a journal: ")


def test_a_journal_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is a mistake, whatever it is to be compared with."""
    gone = tmp_path / "gone"
    there = written(tmp_path / "file", "1")
    said = f"exchange-simulator: cannot read {gone}: No such file or directory\n"
    for first, second in [(gone, gone), (tmp_path, gone), (gone, tmp_path), (there, gone), (gone, there)]:
        assert (main(["diff", str(first), str(second)]), capsys.readouterr().err) == (2, said)


def folders(tmp_path: Path, *journals: dict[str, str]) -> list[str]:
    """Write folders of journals with one message each; return their paths."""
    paths = []
    for folder, messages in zip("ab", journals, strict=True):
        (tmp_path / folder).mkdir()
        for name, message in messages.items():
            written(tmp_path / folder / name, message)
        paths.append(str(tmp_path / folder))
    return paths


def test_folders_with_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of two folders with the same journals nothing is said, whatever else is in them, and the status is 0."""
    same = {"x.jsonl": "1", "y.jsonl": "2"}
    first, second = folders(tmp_path, same, same)
    Path(first, "report.xml").write_text("<a/>")
    assert (main(["diff", first, second]), capsys.readouterr().out) == (0, "")


def test_folders_that_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Journals of the same names are compared, those of only one folder are named, and the status is 1."""
    first, second = folders(
        tmp_path, {"w.jsonl": "0", "x.jsonl": "1", "y.jsonl": "2"}, {"x.jsonl": "1", "y.jsonl": "3", "z.jsonl": "4"}
    )
    assert main(["diff", first, second]) == 1
    assert capsys.readouterr().out == (
        f"w.jsonl: only in {first}\n"
        "y.jsonl: the journals part at line 1:\n"
        "- 1970-01-01T00:00:00.000000000Z #1 <-- 2\n"
        "+ 1970-01-01T00:00:00.000000000Z #1 <-- 3\n"
        "    data: 2 and 3\n"
        f"z.jsonl: only in {second}\n"
    )


def test_folders_without_journals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two folders in which there is nothing to compare are a mistake, and so are a folder and a file."""
    first, second = folders(tmp_path, {}, {})
    file = written(tmp_path / "file", "1")
    assert [main(["diff", first, second]), main(["diff", file, first])] == [2, 2]
    assert capsys.readouterr().err.splitlines() == [
        f"exchange-simulator: there is no journal (*.jsonl) in {first} or {second}",
        f"exchange-simulator: expected two journals or two folders, got the folder {first} and {file}",
    ]


RULES = """
rules:
  - when: {request: SendLimitOrder, dir: Buy}
    then: [ack, {delay: 20ms}, {fill: 40%}]
"""
CLIENT = """
client:
  - send: {type: SubscribeOrderState}
    as: states
  - send:
      type: SendLimitOrder
      target: BTC Crypto/USD*COINBASE/DIRECT
      dir: SIDE
      price: 100
      quantity: 1
      account: DEFAULT
    as: order
  - await: {on: $states, order_id: $order}
  - wait: 50ms
  - send: {type: GetOrderDetails, order_ids: [$order]}
    reply: Ok
  - connect: other
  - send: {type: GetHalts}
    on: other
    reply: Ok
  - disconnect: true
    on: other
"""


def replayed(folder: Path, side: str, *options: str) -> str:
    """Play a scenario's client; return the folder of its journal."""
    folder.mkdir()
    (folder / "mine.yaml").write_text(RULES + CLIENT.replace("SIDE", side))
    assert main(["replay", str(folder / "mine.yaml"), "--journal", str(folder), *options]) == 0
    return str(folder)


def test_a_run_in_process_and_one_against_an_endpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """But for the time, a replay in process says and hears what one against an endpoint of the same scenario does."""
    (tmp_path / "served.yaml").write_text(RULES)
    ours = replayed(tmp_path / "ours", "Buy")
    with Exchange(tmp_path / "served.yaml") as venue:
        theirs = replayed(tmp_path / "theirs", "Buy", "--url", venue.url)
        venue.reset()
        others = replayed(tmp_path / "others", "Sell", "--url", venue.url)
    capsys.readouterr()
    assert (main(["diff", ours, theirs]), main(["diff", "--ignore-time", ours, theirs])) == (1, 0)
    capsys.readouterr()
    assert main(["diff", "--ignore-time", ours, others]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith((" ", "-", "+"))] == [
        "mine.jsonl: connection 1: what the client says parts at message 2:",
        "connection 1: what the exchange says parts at message 6:",
    ]
    assert '    data.dir: "Buy" and "Sell"' in lines


def test_what_depends_on_time_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times in messages, the order of what goes which way, and all that is no message make no difference."""
    journals = []
    for name, order, time, why in (
        ("a", ("in", "out", "in", "out"), 1, "closed by the scenario: 1012 bye"),
        ("b", ("in", "in", "out", "out"), 2, "1012 service restart"),
    ):
        journal, count = Journal(), {"in": 0, "out": 0}
        journal.write(0, 0, "rule", name)
        for kind in order:
            count[kind] += 1
            message = {"n": count[kind], "times": [{"at": f"2024-01-01T00:00:0{time}.5Z"}]}
            journal.write(time, 1, kind, json.dumps(message))
        journal.write(time, 1, "close", why)
        (tmp_path / name).write_bytes(b"".join(line + b"\n" for line in json_lines(journal)))
        journals.append(str(tmp_path / name))
    assert (main(["diff", "--ignore-time", *journals]), capsys.readouterr().out) == (0, "")
    (tmp_path / "b").write_bytes((tmp_path / "b").read_bytes().replace(b"1012", b"1000"))
    assert (main(["diff", "--ignore-time", *journals]), capsys.readouterr().out) == (
        1,
        "connection 1: what opens and ends it parts at message 1:\n"
        '- #1 --- "1012"\n+ #1 --- "1000"\n    data: "1012" and "1000"\n',
    )
