"""The command `replay`: its lines, its reports and its exit status."""

import re
import sys
import threading
from http import HTTPStatus
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from simulator.cli import replays as module
from simulator.cli.main import main
from simulator.replay.report import junit
from simulator.replay.results import Result

GOOD = "name: good\nseed: 3\nclient:\n  - send: {type: GetHalts}\n    reply: {Ok: []}\n"
ODD = "name: odd\nclient:\n  - send: {type: GetHalts}\n    reply: {Ok: 1}\n"
WRONG = "name: wrong\nclient:\n  - sent: {type: GetHalts}\n"
SILENT = "name: silent\nclient: []\n"
CONTEXT = (
    "    last messages:\n"
    "      00:00:00.000000Z #1 +++ /architect\n"
    '      00:00:00.000000Z #1 <-- "Normal"\n'
    '      00:00:00.000000Z #1 --> {"id":1,"type":"GetHalts"}\n'
    '      00:00:00.000000Z #1 <-- {"id":1,"response":{"Ok":[]}}\n'
)
ODD_LINES = (
    "FAILED  odd (odd.yaml): 0 steps in 0s of its time\n"
    '    odd.yaml:4:12: expected the reply {"Ok":1}, got {"Ok":[]}\n'
    "      Ok: wanted 1, came []\n"
)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


def write(**files: str) -> None:
    """Write scenario files into the working folder."""
    for name, text in files.items():
        Path(f"{name}.yaml").write_text(text)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run the command; return its status and what it printed, with its time taken as nothing."""
    status = main(["replay", *arguments])
    return status, re.sub(r"in [0-9.]+s$", "in 0s", capsys.readouterr().out, flags=re.MULTILINE)


def test_all_pass(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each scenario and a summary; the status is 0."""
    write(good=GOOD, silent=SILENT)
    assert run(capsys, ".") == (
        0,
        "ok      good (good.yaml): 1 step in 0s of its time\n"
        "skipped silent (silent.yaml): it has no client\n"
        "1 passed, 1 skipped in 0s\n",
    )


@pytest.mark.parametrize("route", [(), ("--socket",)])
def test_one_fails(capsys: pytest.CaptureFixture[str], route: tuple[str, ...]) -> None:
    """A failure is said with its place, the difference, the last messages and the seed; the status is 1."""
    write(good=GOOD, odd=ODD)
    assert run(capsys, ".", *route) == (
        1,
        "ok      good (good.yaml): 1 step in 0s of its time\n"
        f"{ODD_LINES}{CONTEXT}    seed: 0\n"
        f"FAILED  exchange-simulator replay {' '.join(['odd.yaml', '--seed', '0', *route])}\n"
        "1 passed, 1 failed in 0s\n",
    )


def test_a_file_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong with a file is said, the others are played, and the status is 2."""
    write(odd=ODD, wrong=WRONG)
    status, text = run(capsys, "odd.yaml", "wrong.yaml", "nowhere.yaml")
    assert (status, text.splitlines()[9:]) == (
        2,
        [
            "WRONG   wrong.yaml",
            "    wrong.yaml:3:5: client[0]: expected one of send, raw, reply, as, await, wait, connect, disconnect, "
            "on, within, got 'sent'; did you mean 'send'?",
            "WRONG   nowhere.yaml",
            "    nowhere.yaml: expected a scenario's file or the name of a bundled one, got 'nowhere.yaml': "
            "there is no such file",
            "FAILED  exchange-simulator replay odd.yaml --seed 0",
            "WRONG   exchange-simulator replay wrong.yaml",
            "WRONG   exchange-simulator replay nowhere.yaml",
            "1 failed, 2 wrong in 0s",
        ],
    )


def test_nothing_is_there_to_play(capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without a scenario is a mistake."""
    assert main(["replay", "."]) == 2
    assert capsys.readouterr().err == "exchange-simulator: there is no scenario in .\n"


def test_the_endpoint_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """An endpoint that cannot be reached ends the run with status 3."""
    write(good=GOOD, odd=ODD)
    status, text = run(capsys, ".", "--url", "ws://127.0.0.1:1")
    assert (status, text.splitlines()[0], text.splitlines()[-2:]) == (
        3,
        "UNREACHABLE good.yaml",
        [
            "UNREACHABLE exchange-simulator replay good.yaml --url ws://127.0.0.1:1",
            "1 unreachable, 1 not played in 0s",
        ],
    )


@pytest.mark.parametrize(
    ("words", "played"),
    [
        ("fill", ["full-fill", "late", "part-fill"]),
        ("FILL and not part", ["full-fill", "late"]),
        ("late or part", ["late", "part-fill"]),
        ("not fill or part and fill", ["bust", "part-fill"]),
        ("sub/", ["bust"]),
    ],
)
def test_only_some_are_played(capsys: pytest.CaptureFixture[str], words: str, played: list[str]) -> None:
    """Scenarios are chosen by words in their files and names, with and, or and not between them."""
    Path("sub").mkdir()
    for name, file in {"full-fill": "a", "late fill": "late", "part-fill": "b", "bust": "sub/c"}.items():
        Path(f"{file}.yaml").write_text(GOOD.replace("good", name))
    status, text = run(capsys, ".", "-k", words)
    names = [line.split()[1] for line in text.splitlines()[:-1]]
    assert (status, sorted(names), text.splitlines()[-1]) == (
        0,
        played,
        f"{len(played)} passed, {4 - len(played)} not selected in 0s",
    )


def test_none_is_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    """Words that no scenario has are a mistake in what was asked, and so are words that are missing."""
    write(good=GOOD)
    assert main(["replay", ".", "-k", "bad"]) == 2
    assert capsys.readouterr().err == "exchange-simulator: no scenario of 1 is meant by -k 'bad'\n"
    with pytest.raises(SystemExit):
        main(["replay", ".", "-k", "good and "])


@pytest.mark.parametrize("processes", ["1", "2"])
def test_stop_at_the_first_that_fails(capsys: pytest.CaptureFixture[str], processes: str) -> None:
    """With -x nothing is played behind a scenario that does not pass, and what is not played is counted."""
    first = GOOD if processes == "1" else ODD  # whichever of two processes begins, it begins with one that fails
    write(a=first, b=ODD, **{f"c{number}": GOOD for number in range(30)})
    status, text = run(capsys, ".", "-x", "-n", processes)
    assert status == 1
    assert re.search(r"^FAILED  exchange-simulator replay [ab]\.yaml --seed 0$", text, re.MULTILINE)
    assert re.fullmatch(r"(1 passed, 1|[12]) failed, [0-9]+ not played in [0-9]s", text.splitlines()[-1])


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """With -q nothing is said of what passes."""
    write(good=GOOD, odd=ODD, silent=SILENT)
    _, text = run(capsys, ".", "-q")
    assert [line for line in text.splitlines() if not line.startswith(" ")] == [
        "FAILED  odd (odd.yaml): 0 steps in 0s of its time",
        "FAILED  exchange-simulator replay odd.yaml --seed 0",
        "1 passed, 1 failed, 1 skipped in 0s",
    ]


ENDLESS = """\
name: endless
markets: {BTC Crypto/USD*COINBASE/DIRECT: {mid: 100, walk: {every: 1us}}}
client:
  - send: {type: GetHalts}
    reply: Ok
  - wait: 1000h
"""


@pytest.mark.parametrize("route", [(), ("--socket",)])
def test_one_that_takes_too_long(capsys: pytest.CaptureFixture[str], route: tuple[str, ...]) -> None:
    """A scenario that does not end in time fails at the step where it is, and the others are played."""
    write(endless=ENDLESS, good=GOOD)
    status, text = run(capsys, ".", "--timeout", "0.3", *route)
    lines = text.splitlines()
    assert (status, lines[1]) == (1, "    endless.yaml:6:5: expected to be done within 0.3 s of the wall's time")
    command = " ".join(["exchange-simulator replay endless.yaml --seed 0", *route, "--timeout 0.3"])
    assert lines[-3:] == [
        "ok      good (good.yaml): 1 step in 0s of its time",
        f"FAILED  {command}",
        "1 passed, 1 failed in 0s",
    ]


def test_a_line_is_printed_when_its_scenario_has_ended(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has ended is said before the next is begun, and a terminal shows what is being played."""
    write(a=GOOD, b=GOOD)
    begun: list[str] = []
    play = module._play

    def plays(job: module.Replay) -> Result:
        begun.append(capsys.readouterr().out)
        return play(job)

    monkeypatch.setattr(module, "_play", plays)
    assert run(capsys, "a.yaml", "b.yaml", "--repeat", "2")[0] == 0
    line = "ok      good (a.yaml): 1 step in 0s of its time, passed 2 of 2 times\n"
    assert begun == ["", "", line, ""]


def test_what_is_being_played_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal shows what is being played, and who stops it is told what that was."""
    write(a=GOOD, b=GOOD)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["replay", ".", "-n", "1"]) == 0
    shown = capsys.readouterr().err
    assert [word for word in ("0/2", "2/2") if word not in shown] == []

    def stops(job: module.Replay) -> Result:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_play", stops)
    assert main(["replay", "b.yaml", "a.yaml"]) == 130
    assert capsys.readouterr().err.endswith("stopped while b.yaml was being played\n")


def test_headers_are_sent_to_an_endpoint(capsys: pytest.CaptureFixture[str]) -> None:
    """Headers go with each handshake, and what they say is not repeated in what is printed."""
    write(odd=ODD)
    asked: list[tuple[str, str]] = []

    def refuse(connection: ServerConnection, request: Request) -> Response:
        asked.extend(request.headers.raw_items())
        return connection.respond(HTTPStatus.UNAUTHORIZED, "who are you?")

    with serve(lambda connection: None, "127.0.0.1", 0, process_request=refuse) as endpoint:
        thread = threading.Thread(target=endpoint.serve_forever)
        thread.start()
        url = f"ws://127.0.0.1:{endpoint.socket.getsockname()[1]}"
        headers = ("--header", "Authorization: Bearer secret", "--header", "x-desk:7")
        status, text = run(capsys, "odd.yaml", "--url", url, *headers)
        endpoint.shutdown()
        thread.join()
    assert {("Authorization", "Bearer secret"), ("x-desk", "7")} <= set(asked)
    assert (status, "secret" in text) == (1, False)
    assert (
        f"FAILED  exchange-simulator replay odd.yaml --url {url} --header 'Authorization: …' --header 'x-desk: …'"
        in text
    )


def test_headers_need_an_endpoint(capsys: pytest.CaptureFixture[str]) -> None:
    """Headers without an endpoint are a mistake in what was asked."""
    assert main(["replay", "odd.yaml", "--header", "a: b"]) == 2
    assert capsys.readouterr().err == "exchange-simulator: --header is sent to an endpoint: say --url too\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--shard", "3/2"),
        ("--shard", "1"),
        ("--repeat", "0"),
        ("-n", "0"),
        ("--seed", "-1"),
        ("--socket", "--url", "ws://x"),
        ("--timeout", "0"),
        ("--timeout", "1e3"),
        ("--header", "no colon"),
        ("--header", "a: b\r\nc: d"),
        ("-k", ""),
        (),
    ],
)
def test_wrong_options(arguments: tuple[str, ...]) -> None:
    """An option that cannot be is a mistake in what was asked."""
    with pytest.raises(SystemExit) as raised:
        main(["replay", *arguments, *(["good.yaml"] if arguments else [])])
    assert raised.value.code == 2


def test_annotations(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On GitHub each failure is shown at its line."""
    write(odd=ODD.replace("odd", "odd, 100%"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    _, text = run(capsys, ".")
    assert text.splitlines()[-1] == (
        "::error file=odd.yaml,line=4,col=12,title=odd%2C 100%25 (seed 0)::"
        'expected the reply {"Ok":1}, got {"Ok":[]}%0A  Ok: wanted 1, came []'
    )


def test_a_junit_report(capsys: pytest.CaptureFixture[str]) -> None:
    """The report has a case for each replay, with what went wrong."""
    write(good=GOOD, odd=ODD, silent=SILENT, wrong=WRONG)
    run(capsys, ".", "--junitxml", "out/report.xml")
    suite = ET.parse("out/report.xml").getroot()[0]  # noqa: S314 - written by the test itself
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    cases = [
        (case.get("classname"), case.get("name"), [(part.tag, part.get("message")) for part in case[1:]])
        for case in suite
    ]
    assert cases[:3] == [
        ("good.yaml", "good[seed=3]", []),
        ("odd.yaml", "odd[seed=0]", [("failure", 'expected the reply {"Ok":1}, got {"Ok":[]}')]),
        ("silent.yaml", "silent[seed=0]", [("skipped", "it has no client")]),
    ]
    assert cases[3][2][0][0] == "error"
    assert [(case.get("file"), case.get("line")) for case in suite] == [
        ("good.yaml", None),
        ("odd.yaml", "4"),
        ("silent.yaml", None),
        ("wrong.yaml", "3"),
    ]
    said = [{one.get("name"): one.get("value") for one in case[0]} for case in suite]
    assert said[:2] == [
        {"seed": "3", "steps": "1", "venue_seconds": "0"},
        {"seed": "0", "steps": "0", "venue_seconds": "0"},
    ]


def test_a_junit_report_of_repeated_replays(capsys: pytest.CaptureFixture[str]) -> None:
    """Each case bears the seed that was used, and a file that is wrong is one case without any."""
    write(good=GOOD, wrong=WRONG)
    _, text = run(capsys, ".", "--repeat", "3", "--seed", "5", "--junitxml", "report.xml")
    suite = ET.parse("report.xml").getroot()[0]  # noqa: S314 - written by the test itself
    names = [case.get("name") for case in suite]
    assert (names, suite.get("tests"), suite.get("errors"), text.splitlines()[-1]) == (
        ["good[seed=5]", "good[seed=6]", "good[seed=7]", "wrong.yaml"],
        "4",
        "1",
        "3 passed, 1 wrong in 0s",
    )


def test_a_report_where_no_seed_is_used() -> None:
    """An endpoint has a seed of its own, so cases against one are told apart by their number."""
    results = [Result("good.yaml", "good", "passed", run=run) for run in range(2)]
    assert [case.get("name") for case in ET.fromstring(junit(results))[0]] == ["good", "good[run=2]"]  # noqa: S314


def test_repeating_takes_the_next_seeds_and_processes_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Each run of a scenario has the next seed and a journal of its own, in however many processes."""
    write(good=GOOD.replace("client", "latency: {reply: {uniform: [1ms, 9ms]}}\nclient"))
    said = [run(capsys, ".", "--repeat", "3", "-n", count, "--journal", count) for count in ("1", "2")]
    assert said[0] == said[1]
    assert said[0][0] == 0
    assert "passed 3 of 3 times" in said[0][1]
    journals = [[path.read_bytes() for path in sorted(Path(count).iterdir())] for count in ("1", "2")]
    assert journals[0] == journals[1]
    assert len(set(journals[0])) == 3
    main(["replay", "good.yaml", "--seed", "5", "--journal", "again"])
    assert Path("again/good.jsonl").read_bytes() == journals[0][2]


def test_shards_share_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    """Each scenario is played by just one of the shards."""
    names = [f"s{number}" for number in range(5)]
    write(**{name: GOOD.replace("good", name) for name in names})
    played = []
    for part in ("1/3", "2/3", "3/3"):
        _, text = run(capsys, ".", "--shard", part)
        played.append(re.findall(r"s\d(?= \()", text))
    assert played == [["s0", "s3"], ["s1", "s4"], ["s2"]]


def test_a_journal_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that cannot be written to is a mistake."""
    write(good=GOOD)
    status, text = run(capsys, ".", "--journal", "good.yaml")
    assert (status, text.splitlines()[1]) == (2, "    good.yaml: cannot write good.yaml/good.jsonl: File exists")
