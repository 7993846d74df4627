"""Safe loaders of YAML. Imported only where YAML is to be read: the parser costs 26 ms.

They have libyaml's parser where PyYAML has it, and PyYAML's own composer: libyaml's crashes the process on some ten
thousand open brackets, the one in Python raises RecursionError.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

_BOOL = "tag:yaml.org,2002:bool"
_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"


class _Resolver12(Resolver):
    """The booleans of YAML 1.2: ``yes``, ``no``, ``on`` and ``off`` are texts."""


_Resolver12.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in Resolver.yaml_implicit_resolvers.items()
}
_Resolver12.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


class _KeysAsWritten(SafeConstructor):
    """Keys of maps are texts, as they are to readers that make objects of JavaScript of them."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                key.tag = _TEXT
        return super().construct_mapping(node, deep)


def _loader_type(constructor: type[SafeConstructor], resolver: type[Resolver]) -> Any:
    cyaml: Any = getattr(yaml, "cyaml", None)
    if cyaml is None:
        return type("Loader", (constructor, resolver, yaml.SafeLoader), {})

    def start(self: Any, text: str) -> None:
        cyaml.CParser.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)

    return type("Loader", (Composer, constructor, resolver, cyaml.CParser), {"__init__": start})


DataLoader = _loader_type(SafeConstructor, Resolver)
"""For the data files: YAML 1.1, as other tools in Python read them."""

AgentLoader = _loader_type(_KeysAsWritten, _Resolver12)
"""For what coding agents read: frontmatter and configuration."""
