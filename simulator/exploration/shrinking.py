"""Makes a scenario smaller for as long as something remains true of it."""

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["shape_of", "shrunk"]

_SECTIONS = ("rules", "timeline", "latency", "order_ids")
_OF_RULES = ("after", "times", "every", "chance")


def shrunk(venue: dict[str, Any], holds: Callable[[dict[str, Any]], bool], most: int) -> dict[str, Any]:
    """Return the smallest venue that was found within so many trials of which something still holds.

    Args:
        venue: one of which it holds.
        holds: tells whether it does; False for what is no scenario.
        most: how many venues may be tried.
    """
    tried: list[dict[str, Any]] = []
    while True:
        for smaller in _smaller(venue):
            if smaller in tried:
                continue
            if len(tried) == most:
                return venue
            tried.append(smaller)
            if holds(smaller):
                venue = smaller
                break
        else:
            return venue


def _smaller(venue: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield venues with less in them, the least first."""
    for section in _SECTIONS:
        if section in venue:
            yield _without(venue, section)
    for section in ("rules", "timeline"):
        entries = venue.get(section, [])
        if len(entries) > 1:
            for at in range(len(entries)):
                yield {**venue, section: entries[:at] + entries[at + 1 :]}
    for leg in venue.get("latency", {}):
        yield {**venue, "latency": _without(venue["latency"], leg)}
    for at, rule in enumerate(venue.get("rules", [])):
        for smaller in _smaller_rules(rule):
            yield {**venue, "rules": [*venue["rules"][:at], smaller, *venue["rules"][at + 1 :]]}
    for at, entry in enumerate(venue.get("timeline", [])):
        for step in _smaller_steps(entry["do"]):
            smaller = {**entry, "do": step}
            yield {**venue, "timeline": [*venue["timeline"][:at], smaller, *venue["timeline"][at + 1 :]]}


def _smaller_rules(rule: dict[str, Any]) -> Iterator[dict[str, Any]]:
    then = rule["then"]
    if len(then) > 1:
        for at in range(len(then)):
            yield {**rule, "then": then[:at] + then[at + 1 :]}
    for key in _OF_RULES:
        if key in rule:
            yield _without(rule, key)
    for key in rule["when"].keys() - {"request", "event"}:
        yield {**rule, "when": _without(rule["when"], key)}
    for at, step in enumerate(then):
        for smaller in _smaller_steps(step):
            yield {**rule, "then": [*then[:at], smaller, *then[at + 1 :]]}


def _smaller_steps(step: Any) -> Iterator[Any]:
    """Yield a step with less said: its verb alone, or one argument less."""
    if not isinstance(step, dict):
        return
    ((verb, args),) = step.items()
    if verb in ("fill", "ack", "cancel", "expire", "reject", "restart", "reply", "stale"):
        yield verb
    if isinstance(args, dict) and len(args) > 1:
        for key in args:
            yield {verb: _without(args, key)}


def _without(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name != key}


def shape_of(venue: dict[str, Any]) -> str:
    """Return what a venue does, without how much and how long: by which one cause is told from another."""
    parts = []
    for rule in venue.get("rules", []):
        on = rule["when"].get("request") or rule["when"].get("event")
        parts.append(f"{on}: {' '.join(_word(step) for step in rule['then'])}")
    parts += [_word(entry["do"]) for entry in venue.get("timeline", [])]
    if "latency" in venue:
        parts.append(f"latency {' '.join(sorted(venue['latency']))}")
    parts += [f"order ids {' '.join(sorted(venue['order_ids']))}"] if "order_ids" in venue else []
    return ", ".join(sorted(parts)) or "a plain exchange"


def _word(step: Any) -> str:
    """Return a step's verb, and how it is told if that is not once."""
    if not isinstance(step, dict):
        return str(step)
    ((verb, args),) = step.items()
    if isinstance(args, dict):
        more = [str(args[key]) for key in ("send", "what", "orders") if key in args]
        more += sorted(map(str, args)) if verb == "view" else []
        more += [key for key in ("Err", "raw") if key in args]
    else:
        more = [str(args)] if verb in ("reply", "disconnect", "stall", "corrupt") else []
    return " ".join([str(verb), *more])
