"""Loading: a scenario's file, name or data becomes a typed scenario and its catalogue, or every mistake in it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import msgspec

from simulator import catalogue as catalogues
from simulator.catalogue.entries import DocumentError
from simulator.did_you_mean import nearest
from simulator.errors import CatalogueError, Problem, ScenarioError
from simulator.quoting import quoted
from simulator.scenario.amounts import start_of
from simulator.scenario.checks.names import Fault, KnownNames
from simulator.scenario.checks.rules import check_until, check_when
from simulator.scenario.checks.scenario import check
from simulator.scenario.model import ClockSetting, Rule, Scenario
from simulator.scenario.reading.files import BUNDLED, at, beside, find, is_catalogue, read_text
from simulator.scenario.reading.includes import Whole, assemble
from simulator.scenario.reading.nodes import Node, Pairs, of_data, of_yaml
from simulator.scenario.reading.partial import readable
from simulator.scenario.reading.retarget import retarget
from simulator.scenario.reading.typed import Path as Place
from simulator.scenario.reading.typed import Reader, path_text, plain
from simulator.scenario.reading.unread import Unread
from simulator.scenario.step_forms import StepInFile
from simulator.scenario.steps import Step
from simulator.scenario.values import decoded
from simulator.scenario.when import When

__all__ = [
    "Loaded",
    "load",
    "load_text",
    "parse_clock",
    "parse_data",
    "parse_rules",
    "parse_step",
    "parse_when",
]

_GROUNDS = ("catalogue", "accounts")


class Loaded:
    """A scenario that has been read and checked; ``source`` is its file, or what stands for one.

    ``is_bundled`` tells whether the file is one that comes with the package.
    """

    def __init__(
        self, scenario: Scenario, catalogue: catalogues.Catalogue, source: str, whole: Whole, is_bundled: bool = False
    ) -> None:
        self.scenario = scenario
        self.catalogue = catalogue
        self.source = source
        self.is_bundled = is_bundled
        self._whole = whole
        self._is_expecting = False
        """Whether a client that is not its own is held to what it expects, whatever the default is."""

    @property
    def name(self) -> str:
        """The scenario's name, or its file's."""
        return self.scenario.name or Path(self.source).stem

    @property
    def yaml(self) -> str:
        """What stands in its file, or YAML of the data that it is of."""
        from simulator.yaml_writer import yaml_of

        text = self._whole.text
        return yaml_of(decoded(msgspec.json.encode(plain(self._whole.root)))) if text is None else text

    def __repr__(self) -> str:
        return f"<Loaded {self.source!r}>"

    def expecting(self, expect: bool | None = None) -> "Loaded":
        """Return the scenario as it is put before a client that is not its own: with what it expects, or without.

        What any client must do stays. By default, what is expected is left out of a bundled scenario, and of one that
        has a client of its own and says what others must do; it stays where that was asked for before.
        """
        if expect is None:
            of_its_client = self.is_bundled or (self.scenario.client and self.scenario.must)
            expect = self._is_expecting or not of_its_client
        loaded = self.saying(**({} if expect else {"client": (), "expect": ()}))
        loaded._is_expecting = expect
        return loaded

    def saying(self, **sections: Any) -> "Loaded":
        """Return the scenario with other sections, which are not checked."""
        loaded = copy(self)
        loaded.scenario = msgspec.structs.replace(self.scenario, **sections)
        return loaded

    def at(self, start: int) -> "Loaded":
        """Return the scenario for a world that begins at a time in nanoseconds, with the catalogue as it is there.

        Raises `simulator.errors.ScenarioError` if it names contracts that there are not in that world.
        """
        catalogue = self.catalogue.at(start)
        if catalogue is self.catalogue:
            return self
        loaded = copy(self)
        loaded.catalogue = catalogue
        loaded.check()
        return loaded

    def check(self) -> None:
        """Raise `simulator.errors.ScenarioError` with everything that is wrong with the scenario on its catalogue."""
        known = KnownNames(self.catalogue, self.scenario.accounts)
        problems = [self._whole.problem(place, message) for place, message in check(self.scenario, known, Unread())]
        if problems:
            raise ScenarioError(sorted(problems, key=_in_order))

    def position(self, path: Place) -> str:
        """Return where something is: ``("rules", 0, "then", 1)`` as ``file:line:column``, or as text without a file."""
        mark = self._whole.node(path).mark
        return path_text(path) if mark is None else str(mark)


def load(
    source: str | Path | Mapping[str, Any],
    *,
    folder: Path | None = None,
    catalogue: catalogues.Catalogue | None = None,
    product: str | None = None,
    now: int | None = None,
) -> Loaded:
    """Return the scenario of a file's path, of a bundled scenario's name, or of data in the file's own words.

    ``folder`` is where the files that it names must be: by default that of the scenario's file; data without a
    folder can name none. ``catalogue`` stands in for the one that it names: what it says of products, venues and
    accounts is held against that one. ``product`` is the tradable product of it, or of the default catalogue, that the
    scenario is to be about instead of the one product that its markets name: its names, prices and quantities become
    that product's. Contracts are those of a world that begins when the scenario says, or with the
    year 2024; those of one that begins ``now``, in nanoseconds, will do as well for a scenario on a real clock.

    Raises `simulator.errors.ScenarioError` with everything that is wrong.
    """
    if isinstance(source, str | Path):
        path = find(source)
        name, folder = str(path), folder or path.parent
        text = read_text(path, name)
        root = of_yaml(text, name)
        if is_catalogue(root):
            raise ScenarioError([at(root.mark, "this is a catalogue: serve it with --catalogue", "")])
    else:
        root, name, text = of_data(source), "scenario", None
    if product is not None:
        catalogue = catalogue or catalogues.load("default")
        retarget(root, catalogue, product)
    return _load(root, name, folder, catalogue, text, now)


def load_text(text: str, *, name: str = "scenario.yaml", catalogue: catalogues.Catalogue | None = None) -> Loaded:
    """Return the scenario of YAML that stands in no file, and so can name none; raises `ScenarioError`.

    ``name`` is what messages call it.
    """
    return _load(of_yaml(text, name), name, None, catalogue, text)


def _load(
    root: Node,
    name: str,
    folder: Path | None,
    catalogue: catalogues.Catalogue | None,
    text: str | None,
    now: int | None = None,
) -> Loaded:
    try:
        whole, scenario = assemble(root, folder)
        whole.text = text
    except ScenarioError as error:
        raise ScenarioError(sorted([*error.problems, *_further(root, folder, catalogue)], key=_in_order)) from None
    try:
        catalogue = catalogue or _catalogue(scenario, whole, folder)
    except ScenarioError as error:
        rest = [whole.problem(place, message) for place, message in check(scenario, None, Unread())]
        raise ScenarioError(sorted([*error.problems, *rest], key=_in_order)) from None
    loaded = Loaded(scenario, catalogue.at(start_of(scenario.start)), name, whole, Path(name).parent == BUNDLED)
    try:
        loaded.check()
    except ScenarioError:
        if now is None or scenario.clock != "real" or scenario.start is not None:
            raise
        later = loaded.at(now)
        if later is loaded:  # no date is counted in its catalogue
            raise
        return later
    return loaded


def parse_clock(data: str | Mapping[str, Any]) -> Any:
    """Return a clock of data in a file's own words; raises `simulator.errors.ScenarioError`."""
    return parse_data(data, ClockSetting)


def parse_step(data: str | dict[str, Any]) -> Step:
    """Return a step of data in a file's own words; raises `simulator.errors.ScenarioError`."""
    step: Step = parse_data(data, StepInFile)
    return step


def parse_rules(data: Sequence[Any]) -> tuple[Rule, ...]:
    """Return rules of data in a file's own words, checked as far as they can be without an exchange.

    Raises `simulator.errors.ScenarioError`, for a word that is no request's or no field's of it too.
    """
    rules: tuple[Rule, ...] = parse_data(data, tuple[Rule, ...])
    _refuse(fault for number, rule in enumerate(rules) for fault in check_when(rule.when, (number, "when")))
    _refuse(fault for number, rule in enumerate(rules) for fault in check_until(rule, (number,)))
    return rules


def parse_when(data: dict[str, Any]) -> Any:
    """Return a `When` of data in a file's own words, checked as far as it can be without an exchange.

    Raises `simulator.errors.ScenarioError`, for what could never match too, such as an unknown type of request.
    """
    when = parse_data(data, When)
    _refuse(check_when(when, ()))
    return when


def _refuse(faults: Iterable[Fault]) -> None:
    """Raise what is wrong with data, if anything is."""
    problems = [Problem(message, path_text(place)) for place, message in faults]
    if problems:
        raise ScenarioError(problems)


def parse_data(data: object, kind: Any, place: Place = ()) -> Any:
    """Return a value of a type of data in a file's own words; raises `simulator.errors.ScenarioError`.

    ``place`` is where the data stands in what somebody has said.
    """
    reader = Reader()
    value = reader.read(of_data(data), kind, place)
    if reader.problems:
        raise ScenarioError(reader.problems)
    return value


def _further(root: Node, folder: Path | None, catalogue: catalogues.Catalogue | None) -> list[Problem]:
    """Return what else is wrong in those parts of an unreadable file that can be read, as far as that is certain."""
    if not isinstance(root, Pairs):
        return []
    whole = Whole(root)
    scenario, unread = readable(root)
    problems: list[Problem] = []
    known = None
    if _says_its_grounds(root) and unread.has_all(*_GROUNDS):
        try:
            ground = catalogue or _catalogue(scenario, whole, folder)
            known = KnownNames(ground.at(start_of(scenario.start)), scenario.accounts)
        except ScenarioError as error:
            problems += error.problems
    return problems + [whole.problem(place, message) for place, message in check(scenario, known, unread)]


def _says_its_grounds(root: Pairs) -> bool:
    """Tell whether a file says what its exchange has: no other file does, nor a key written wrongly."""
    unknown = [key for key in root.values if key not in Scenario.__struct_encode_fields__]
    return "include" not in root.values and not any(nearest(key, ("include", *_GROUNDS)) for key in unknown)


def _in_order(problem: Problem) -> tuple[str, int, int]:
    return problem.file or "", problem.line, problem.column


def _catalogue(scenario: Scenario, whole: Whole, folder: Path | None) -> catalogues.Catalogue:
    said = scenario.catalogue
    place: Place = ("catalogue",)
    try:
        if isinstance(said, dict):
            return catalogues.build(_texts(said), scenario.name or "scenario")
        if not isinstance(said, str):
            raise CatalogueError("expected a catalogue's name, its file or its data")
        if Path(said).suffix.lower() not in (".yaml", ".yml", ".json"):
            return catalogues.load(said)
        start = whole.folders.get(id(whole.node(place)), "")
        path = beside(folder, said, start)
        if isinstance(path, str):
            raise CatalogueError(f"{path}, got {quoted(said, 200)}")
        return catalogues.load(path)
    except DocumentError as error:
        problems = (whole.problem((*place, *_place_of(where)), problem) for where, problem in error.faults)
        raise ScenarioError(sorted(problems, key=_in_order)) from None
    except CatalogueError as error:
        raise ScenarioError(error.problems or [whole.problem(place, str(error))]) from None


def _place_of(where: str) -> Place:
    """Return the place that a catalogue's error names, such as ``products[3].kind``."""
    parts = re.findall(r"\[([0-9]+)\]|([^.\[\]]+)", where)
    return tuple(int(number) if number else word for number, word in parts)


def _texts(data: Any) -> Any:
    """Return data with its numbers as the texts they were written as, which is how a catalogue takes them."""
    match data:
        case dict():
            return {key: _texts(value) for key, value in data.items()}
        case list():
            return [_texts(value) for value in data]
        case msgspec.Raw():
            return bytes(data).decode()
        case _:
            return data
