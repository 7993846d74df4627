from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.model.tools import ToolChange
from ctxkit.sources.definitions import ServerDefinition, ToolDefinition
from ctxkit.sources.lockfile import parse_lock, render_lock
from ctxkit.sources.locking import changes, merged, renewed, repeated_secret


def server(name: str = "s", version: str = "1", **tools: str) -> ServerDefinition:
    listed = tuple(ToolDefinition(key, {"name": key, "description": text}) for key, text in tools.items())
    return ServerDefinition(name, listed, version)


def lock(*servers: ServerDefinition) -> dict[str, ServerDefinition]:
    return {one.name: one for one in servers}


def test_what_is_told_replaces_what_is_locked_and_the_rest_stays_while_configured() -> None:
    locked = lock(server("a", x="old"), server("b"), server("c"))
    assert renewed(locked, lock(server("a", x="new"), server("d")), {"a", "b", "d"}) == lock(
        server("a", x="new"), server("b"), server("d")
    )


def test_equal_locks_have_no_changes() -> None:
    one = lock(server("a", x="text"), server("b"))
    assert changes(one, dict(one), len) == ()


def test_changes_of_one_server() -> None:
    before, after = (
        server(version="1", same="a", grown="a", gone="a"),
        server(version="2", same="a", grown="aaaa", new="a"),
    )
    (change,) = changes(lock(before), lock(after), len)
    assert (change.name, change.version_before, change.version_after) == ("s", "1", "2")
    assert change.before == sum(len(tool.reference_text) for tool in before.tools)
    assert change.after == sum(len(tool.reference_text) for tool in after.tools)
    sizes = {tool.name: len(tool.reference_text) for tool in (*before.tools, *after.tools)}
    assert set(change.tools) == {
        ToolChange("grown", sizes["grown"] - 3, sizes["grown"]),
        ToolChange("gone", sizes["gone"], None),
        ToolChange("new", None, sizes["new"]),
    }


def test_servers_that_come_and_go() -> None:
    gone, new = changes(lock(server("a", x="t")), lock(server("b", y="t")), len)
    assert (gone.name, gone.after, gone.version_after) == ("a", None, None)
    assert (new.name, new.before, new.version_before) == ("b", None, None)


def test_a_change_that_costs_nothing_is_a_change_all_the_same() -> None:
    one, other = server(x="text"), server(x="text")
    told = ServerDefinition("s", one.tools, "1", instructions="Else.")
    assert changes(lock(one), lock(told), len)[0].told
    listed = ServerDefinition("s", (ToolDefinition("x", {"name": "x", "description": "text", "annotations": {}}),), "1")
    assert [tool.name for tool in changes(lock(other), lock(listed), len)[0].tools] == ["x"]


def test_answers_to_several_agents_become_one() -> None:
    answers = {
        "one": server(a="t", b="t"),
        "two": server(a="t", c="t", d="t"),
        "all": server(a="t", b="t", c="t", d="t"),
    }
    whole = merged(answers)
    assert [tool.name for tool in whole.tools] == ["a", "b", "c", "d"]
    assert whole.untold == {"one": ("c", "d"), "two": ("b",)}
    for agent, answer in answers.items():
        assert {tool.name for tool in whole.told_to(agent).tools} == {tool.name for tool in answer.tools}
    assert whole.told_to("somebody else") is whole
    (again,) = parse_lock(render_lock([whole], len).encode(), "lock")
    assert again.untold == whole.untold


@pytest.mark.parametrize("untold", ["text", [1], {"a": "b"}, {"a": [1, None]}, None])
def test_a_lock_with_odd_entries_is_read_without_them(untold: Any) -> None:
    import json

    document = json.loads(render_lock([server(a="t")], len))
    document["servers"]["s"]["untold"] = untold
    (again,) = parse_lock(json.dumps(document).encode(), "lock")
    assert again.told_to("a").tools == again.tools


SECRET = {"API_TOKEN": "very-secret"}


@given(
    st.recursive(
        st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    )
)
def test_a_secret_is_found_wherever_it_stands(value: Any) -> None:
    def told(listed: dict[str, Any], **extra: str) -> ServerDefinition:
        return ServerDefinition("s", (ToolDefinition("a", {"name": "a", **listed}),), **extra)

    assert repeated_secret(told({"x": value}), SECRET) is None
    assert repeated_secret(told({"x": [value, "a very-secret one"]}), SECRET) == "API_TOKEN"
    assert repeated_secret(told({"x": {"very-secret": value}}), SECRET) == "API_TOKEN"
    assert repeated_secret(told({}, instructions="very-secret"), SECRET) == "API_TOKEN"
