"""A scenario made of several files: what the included ones say comes after, or where, its own file says nothing.

A bundled scenario is included by its name, without the client that it has and what it expects of it.
"""

from pathlib import Path

from simulator.did_you_mean import nearest
from simulator.errors import Problem, ScenarioError
from simulator.quoting import quoted
from simulator.scenario.model import Scenario
from simulator.scenario.reading.files import at, beside, bundled, read
from simulator.scenario.reading.nodes import MAX_BYTES, MAX_NODES, Node, Pairs, Scalar, Sequence
from simulator.scenario.reading.typed import Path as Place
from simulator.scenario.reading.typed import Reader, found, path_text

__all__ = ["Whole", "assemble"]

_APPENDED = ("rules", "timeline", "must", "expect")
_BY_KEY = ("markets", "latency")
_OWN = ("name", "include")
_OF_ITS_CLIENT = ("client", "expect")
"""What a bundled scenario says of a client that others do not have: only its behaviour is included."""

_MAX_DEPTH = 8
_MAX_FILES = 100


class Whole:
    """The node of a scenario with all that it includes, and where each part of it was."""

    def __init__(self, root: Pairs, start: str = "") -> None:
        self.root = root
        self.start = start
        self.text: str | None = None
        """What stands in the file, or in the YAML that is in none; None for data."""
        self.starts: dict[str, list[int]] = {}
        """Per list, the places at which an included file's part begins."""
        self.folders: dict[int, str] = {}
        """The subfolder of the file that says a value, by the identity of its node."""

    def node(self, place: Place) -> Node:
        """Return the node at a place, or the nearest around it."""
        node: Node = self.root
        for part in place:
            if isinstance(node, Pairs) and part in node.values:
                node = node.values[str(part)]
            elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
            else:
                break
        return node

    def problem(self, place: Place, message: str) -> Problem:
        """Return a problem at a place, whose path counts within its own file."""
        return at(self.node(place).mark, message, path_text(self.local(place)))

    def local(self, place: Place) -> Place:
        """Return a place as its own file counts it."""
        if len(place) > 1 and isinstance(place[1], int):
            first = max((start for start in self.starts.get(str(place[0]), ()) if start <= place[1]), default=0)
            return (place[0], place[1] - first, *place[2:])
        return place


def assemble(root: Node, folder: Path | None) -> tuple[Whole, Scenario]:
    """Return a scenario's node with all its includes, and the scenario itself; raises `ScenarioError`."""
    return _Assembly(folder).whole(root)


class _Assembly:
    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._problems: list[Problem] = []
        self._files = 0
        self._characters = 0
        self._is_spent = False
        self._values = 0

    def whole(self, root: Node) -> tuple[Whole, Scenario]:
        whole = self._part(root, "", ())
        if self._problems or whole is None:
            raise ScenarioError(self._problems)
        scenario = Reader().read(whole.root, Scenario)
        return whole, scenario

    def _part(self, root: Node, start: str, within: tuple[Path, ...]) -> Whole | None:
        """Return one file with its includes, or None if there is a problem in any of them."""
        if not isinstance(root, Pairs):
            got = "nothing" if isinstance(root, Scalar) and root.null else found(root)
            self._problems.append(at(root.mark, f"expected a mapping with keys such as rules, got {got}", ""))
            return None
        reader = Reader()
        reader.read(root, Scenario)
        self._problems += reader.problems
        if reader.problems:
            return None
        own = Whole(_copy(root), start)
        if "catalogue" in root.values:
            own.folders[id(root.values["catalogue"])] = start
        names = root.values.get("include")
        for place, node in enumerate(names.items if isinstance(names, Sequence) else ()):
            assert isinstance(node, Scalar)  # noqa: S101 - just read as a text
            if self._is_spent:
                break
            part = self._included(node, place, start, within)
            if part is not None:
                _join(own, part)
        return own

    def _included(self, node: Scalar, place: int, start: str, within: tuple[Path, ...]) -> Whole | None:
        path = beside(self._folder, node.text, start)
        is_bundled = isinstance(path, str) and node.text in bundled()
        if is_bundled:
            path = bundled()[node.text]
        self._files += 1
        problem = None
        if isinstance(path, str):
            got = f"got {quoted(node.text, 200)}"
            problem = f"{path}, {got}"
            if not set("./") & set(node.text):  # it is no file's name
                problem = (
                    f"expected a file, or the name of a bundled scenario, {got}{nearest(node.text[:80], bundled())}"
                )
        elif path.resolve() in within:
            problem = f"expected no file that includes this one, got {node.text!r}"
        elif len(within) == _MAX_DEPTH:
            problem = f"expected files to include each other at most {_MAX_DEPTH} deep"
        elif self._files > _MAX_FILES:
            problem = f"expected at most {_MAX_FILES} included files"
        elif self._values > MAX_NODES or self._characters > MAX_BYTES:
            self._is_spent = True  # which is said once
            problem = f"expected included files of at most {MAX_BYTES >> 20} MiB and {MAX_NODES} values together"
        if problem is not None or isinstance(path, str):
            self._problems.append(at(node.mark, str(problem), f"include[{place}]"))
            return None
        try:
            root = read(path, str(path))
        except ScenarioError as error:
            self._problems += error.problems
            return None
        self._values += root.size
        self._characters += 0 if root.mark is None else sum(map(len, root.mark.source.lines))
        subfolder = f"{start}/{Path(node.text).parent.as_posix()}".strip("/")
        part = self._part(root, subfolder, (*within, path.resolve()))
        if is_bundled and part is not None:
            for key in _OF_ITS_CLIENT:
                part.root.values.pop(key, None)
        return part


def _copy(root: Pairs) -> Pairs:
    copy = Pairs(root.mark)
    copy.keys = dict(root.keys)
    copy.values = dict(root.values)
    return copy


def _join(own: Whole, part: Whole) -> None:
    """Add to a file what an included one says."""
    for key, value in part.root.values.items():
        mine = own.root.values.get(key)
        if key in _OWN:
            continue
        if mine is None:
            own.root.keys[key] = part.root.keys[key]
            own.root.values[key] = value
            own.starts[key] = part.starts.get(key, [])
        elif key in _APPENDED and isinstance(mine, Sequence) and isinstance(value, Sequence):
            first = len(mine.items)
            joined = Sequence(mine.mark)
            joined.items = [*mine.items, *value.items]
            own.root.values[key] = joined
            starts = [first, *(first + start for start in part.starts.get(key, ()))]
            own.starts[key] = [*own.starts.get(key, []), *starts]
        elif key in _BY_KEY and isinstance(mine, Pairs) and isinstance(value, Pairs):
            joined_pairs = _copy(mine)
            for name, said in value.values.items():
                joined_pairs.keys.setdefault(name, value.keys[name])
                joined_pairs.values.setdefault(name, said)
            own.root.values[key] = joined_pairs
    own.folders.update(part.folders)
