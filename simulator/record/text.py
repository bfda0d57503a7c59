"""A scenario's data as YAML."""

from decimal import Decimal
from typing import Any

import yaml

__all__ = ["yaml_of"]


class _Dumper(yaml.SafeDumper):
    """Writes decimals with all their digits, and says twice what is said twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent(dumper: _Dumper, value: Decimal) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:float", f"{value:f}")


_Dumper.add_representer(Decimal, _represent)


def yaml_of(scenario: dict[str, Any]) -> str:
    """Return a scenario's data as YAML that loads as the same data."""
    text: str = yaml.dump(
        scenario, Dumper=_Dumper, default_flow_style=None, sort_keys=False, allow_unicode=True, width=120
    )
    return text
