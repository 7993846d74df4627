"""Directories below the base that may hold a source's files."""

import os

from hypothesis import given
from hypothesis import strategies as st

from ctxkit.agents.disk import Disk
from ctxkit.agents.find import Finder, _holder
from ctxkit.agents.load import load_agent
from ctxkit.agents.places import Places
from ctxkit.agents.settings import Settings

PARTS = st.sampled_from(["a", "b", ".claude", "rules", "skills", "CLAUDE.md", "x.md", "SKILL.md", "é", "CLAUDE.md.md"])
PATHS = st.lists(st.lists(PARTS, min_size=1, max_size=5).map("/".join), max_size=20, unique=True)
NAMES = st.lists(
    st.sampled_from(
        [
            "CLAUDE.md",
            ".claude/CLAUDE.md",
            "rules/*.md",
            ".claude/skills/*/SKILL.md",
            "**/x.md",
            "{a,b}.md",
            "b/rules/*",
        ]
    ),
    min_size=1,
    max_size=4,
)
ROOT = os.path.abspath("/repository")


@given(PATHS, NAMES)
def test_holders_are_those_of_every_path_looked_at_alone(paths: list[str], names: list[str]) -> None:
    disk = Disk(ROOT, os.path.abspath("/home/me"), ROOT)
    places = Places(ROOT, ROOT, disk.home, ROOT)
    finder = Finder(load_agent("claude-code"), places, disk, Settings((), frozenset(), {}, disk), paths)
    wanted = {name.rsplit("/", 1)[-1] for name in names if not any(c in name for c in "*?{")}
    prefixes = [name.split("*", 1)[0].rstrip("/") for name in names if "*" in name]
    holders = {_holder(path, names, wanted, prefixes) for path in paths} - {None, ""}
    assert set(finder.nested_holders(names, ROOT)) == {os.path.join(ROOT, *holder.split("/")) for holder in holders}
