"""YAML text into typed values, and the line of what does not fit. Imported only when no compiled form is at hand."""

from __future__ import annotations

import difflib
import re
from typing import Any, TypeVar

import msgspec
import yaml

from ctxkit.model import ConfigError
from ctxkit.text.yamlload import DataLoader

T = TypeVar("T")

MAX_NODES = 500_000
"""Values that a file may hold after its aliases are expanded; a few lines of YAML can ask for billions."""

_UNKNOWN = re.compile(r"unknown field `(.*?)`")
_MISSING = re.compile(r"missing required field `(.*?)`")
_WHERE = re.compile(r" - at `(key in )?\$?(.*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[\.\.\.\]")


def parse(data: bytes, name: str, type_: type[T]) -> tuple[T, bytes]:
    """The value of the YAML in ``data`` as a ``type_``, and its untyped form as MessagePack.

    Raises ConfigError naming ``name``, the line and the field.
    """
    node, plain = _compose(data, name)
    try:
        packed = msgspec.msgpack.encode(plain)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{name}: holds a value that is not plain data ({error}).") from error
    try:
        return msgspec.msgpack.decode(packed, type=type_), packed
    except msgspec.ValidationError as error:
        raise _explain(error, name, node, type_) from error


def _compose(data: bytes, name: str) -> tuple[yaml.Node | None, Any]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: is not UTF-8 (byte {error.start}).", "Save the file as UTF-8.") from error
    try:
        loader = DataLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None, None
            if _size(node, {}) > MAX_NODES:
                raise ConfigError(f"{name}: holds more than {MAX_NODES} values.", "Take out aliases that multiply.")
            _refuse_twice(node, name)
            return node, loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{name}{line}: is not YAML: {error.problem}.", "Mend the syntax on that line.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise ConfigError(f"{name}: is not YAML: {reason}.", "Mend the syntax.") from None


def _size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """Values below ``node`` with aliases expanded; a node that contains itself raises ValueError."""
    known = sizes.get(id(node))
    if known is not None:
        if known < 0:
            raise ValueError("a value contains itself")
        return known
    sizes[id(node)] = -1
    size = 1 + sum(_size(child, sizes) for child in _children(node))
    sizes[id(node)] = size
    return size


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _refuse_twice(root: yaml.Node, name: str) -> None:
    """Raise ConfigError for a key that stands twice in one mapping; YAML would silently keep the last."""
    seen: set[int] = set()
    queue = [root]
    while queue:
        node = queue.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        queue.extend(_children(node))
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                    if key.value in keys:
                        line = key.start_mark.line + 1
                        raise ConfigError(f"{name}:{line}: the key {key.value!r} stands here twice.", "Take one out.")
                    keys.add(key.value)


def _explain(error: msgspec.ValidationError, name: str, root: yaml.Node | None, type_: Any) -> ConfigError:
    """The ConfigError for what msgspec found, with the line and the nearest known key."""
    if root is None:
        return ConfigError(f"{name}: is empty.", "Write at least the keys that are required.")
    text = str(error)
    where = _WHERE.search(text)
    reason = text[: where.start()] if where else text
    steps = [match.groups() for match in _STEP.finditer(where.group(2))] if where else []
    unknown = _UNKNOWN.search(reason)
    node, shape, field = _follow(root, msgspec.inspect.type_info(type_), steps)
    hint = ""
    if unknown:
        key = unknown.group(1)
        field = f"{field}.{key}" if field else key
        reason = f"unknown key {key!r}"
        known = _keys(shape)
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(sorted(known))}."
        node = _key_node(node, key) or node
    missing = _MISSING.search(reason)
    if missing:
        reason = f"the key {missing.group(1)!r} is missing"
    line = f":{node.start_mark.line + 1}" if node is not None else ""
    at = f" (at {field})" if field else ""
    return ConfigError(f"{name}{line}: {reason[0].lower()}{reason[1:]}{at}.", hint)


def _follow(node: yaml.Node | None, shape: Any, steps: list[tuple[Any, ...]]) -> tuple[yaml.Node | None, Any, str]:
    """Walk from the root along msgspec's path: the node, its type, and the path with the real keys in it."""
    field = ""
    for name, index in steps:
        if name is not None:
            node = _value_node(node, name)
            shape = _member(shape, name)
            field = f"{field}.{name}" if field else name
        elif index is not None:
            inside = isinstance(node, yaml.SequenceNode) and int(index) < len(node.value)
            node = node.value[int(index)] if node is not None and inside else None
            shape = getattr(_unwrap(shape), "item_type", None)
            field = f"{field}[{index}]"
        else:
            key, node, shape = _bad_entry(node, _unwrap(shape))
            field = f"{field}.{key}" if field else str(key)
    return node, _unwrap(shape), field


def _bad_entry(node: yaml.Node | None, shape: Any) -> tuple[str, yaml.Node | None, Any]:
    """The entry of a mapping that does not fit: msgspec's path says ``[...]`` for any of them."""
    value_shape = _unwrap(getattr(shape, "value_type", None))
    if isinstance(node, yaml.MappingNode):
        wanted = _keys(value_shape)
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if wanted and isinstance(value, yaml.MappingNode):
                present = {child.value for child, _ in value.value}
                if present <= set(wanted) and _required(value_shape) <= present and not _misfit(value, value_shape):
                    continue
            return key.value, value, value_shape
    return "…", node, value_shape


def _misfit(node: yaml.MappingNode, shape: Any) -> bool:
    plain = yaml.SafeLoader("")
    try:
        value = msgspec.msgpack.encode(plain.construct_document(node))
        msgspec.msgpack.decode(value, type=shape.cls)
    except (msgspec.ValidationError, yaml.YAMLError):
        return True
    finally:
        plain.dispose()
    return False


def _unwrap(shape: Any) -> Any:
    """The struct, list or dict inside an optional type."""
    for choice in getattr(shape, "types", ()):
        if hasattr(choice, "fields") or hasattr(choice, "item_type") or hasattr(choice, "value_type"):
            return choice
    return shape


def _keys(shape: Any) -> list[str]:
    return [field.encode_name for field in getattr(shape, "fields", ())]


def _required(shape: Any) -> set[str]:
    return {field.encode_name for field in getattr(shape, "fields", ()) if field.required}


def _member(shape: Any, name: str) -> Any:
    return next((f.type for f in getattr(_unwrap(shape), "fields", ()) if f.encode_name == name), None)


def _key_node(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((key for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value == name), None)
    return None


def _value_node(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == name), None)
    return None
