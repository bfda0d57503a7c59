"""Where libraries differ from release to release: what is asked of them here is answered alike by all of them."""

from typing import Any

__all__ = ["nested_beyond"]


def nested_beyond(limit: int, text: str, error: Exception) -> Any | None:
    """Return the event of PyYAML that nests deeper than a limit in the text before an error's mark, or None.

    PyYAML 6.0.4 gives up at a nesting of 1,000, while it looks ahead and has not yet told of what it read.

    Args:
        limit: how many mappings and lists may be within each other.
        text: what was read.
        error: the `yaml.YAMLError` that it was refused with.
    """
    import yaml

    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return None
    depth = 0
    try:
        for event in yaml.parse(text[: error.problem_mark.index], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > limit:
                return event
    except yaml.YAMLError:  # of a text that is cut off
        return None
    return None
