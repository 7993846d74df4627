"""The agent data files hold together: every name in them leads somewhere."""

from __future__ import annotations

import datetime
import itertools
import re
from pathlib import Path

import msgspec
import pytest
import yaml

from ctxkit.agents.spec import AgentSpec, Confidence, Part
from ctxkit.data import data_file

FILES = sorted(Path(data_file("agents")).glob("*.yaml"))
LAB = (
    "aider", "claude-code", "cline", "codex", "continue-cli", "copilot-cli", "gemini-cli", "gptme", "kilo",
    "mini-swe-agent", "opencode", "pi", "qwen-code",
)  # fmt: skip
REQUIRED = (
    *LAB, "amazon-q", "amp", "continue", "copilot-vscode", "crush", "cursor", "goose", "junie", "kiro", "openhands",
    "roo-code", "warp", "windsurf", "zed",
)  # fmt: skip
PLACES = {"root", "cwd", "git-root", "home"}
PLACEHOLDERS = {"root", "cwd", "git_root", "home", "slug", "git_slug", "cwd_name", "git_name"}


def load(path: Path) -> AgentSpec:
    return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), AgentSpec)


def parts(spec: AgentSpec) -> list[Part]:
    """Every part of a data file that carries evidence."""
    found: list[Part] = [
        *spec.rules,
        *spec.catalogs,
        *spec.fixed,
        *spec.file_listings,
        *spec.settings,
        *spec.transcripts,
    ]
    for catalog in spec.catalogs:
        found += [*catalog.places, *catalog.built_in]
    found += spec.ignore.files
    if spec.mcp is not None:
        found += spec.mcp.deferral
    return found


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def agent(request: pytest.FixtureRequest) -> AgentSpec:
    return load(request.param)


def test_every_agent_has_a_file() -> None:
    assert set(REQUIRED) <= {path.stem for path in FILES}


def test_the_example_of_the_guide_is_valid() -> None:
    guide = Path(data_file("agents/README.md")).read_text("utf-8")
    example = re.findall(r"^```yaml\n(schema:.*?)^```", guide, re.DOTALL | re.MULTILINE)[0]
    assert msgspec.convert(yaml.safe_load(example), AgentSpec).rules


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_id_is_the_file_name(path: Path) -> None:
    assert load(path).id == path.stem


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_key_is_given_twice(path: Path) -> None:
    class Loader(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[object, object]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        assert len(keys) == len(set(keys)), f"{node.start_mark}: {sorted(k for k in keys if keys.count(k) > 1)}"
        return loader.construct_mapping(node, deep=True)

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    yaml.load(path.read_text("utf-8"), Loader)


def test_ids_are_unique(agent: AgentSpec) -> None:
    for kind in (agent.rules, agent.catalogs, agent.fixed, agent.file_listings, agent.transcripts):
        ids = [part.id for part in kind]
        assert len(ids) == len(set(ids)), ids


def test_conditions_name_sources_that_exist(agent: AgentSpec) -> None:
    ids = {source.id for source in agent.rules}
    owners = [(source.id, source.when) for source in agent.rules]
    owners += [(catalog.id, catalog.when) for catalog in agent.catalogs]
    owners += [(listing.id, listing.when) for listing in agent.file_listings]
    for name, conditions in owners:
        for condition in conditions:
            named = set(condition.absent)
            assert named <= ids, name
            assert name not in named, name
            assert condition.setting is None or condition.one_of or condition.none_of, (
                f"{name}: a setting without values"
            )
    assert set(agent.never_excluded) <= ids


def test_groups_exist_and_are_used(agent: AgentSpec) -> None:
    assert {source.group for source in agent.rules if source.group} == set(agent.groups)


def test_bases_exist(agent: AgentSpec) -> None:
    bases = {source.base for source in agent.rules}
    bases |= {place.base for catalog in agent.catalogs for place in catalog.places}
    for base in bases:
        assert base in PLACES or base in agent.roots or re.match(r"/|[A-Z]:/|\{git_root\}/|\{setting:", base), base


def test_placeholders_exist(agent: AgentSpec) -> None:
    known = PLACEHOLDERS | set(agent.roots)
    texts = [*agent.roots.values(), *(file.path for file in agent.settings), *(t.path for t in agent.transcripts)]
    texts += [name for source in agent.rules for name in source.names]
    insides = {source.imports.inside for source in agent.rules if source.imports and source.imports.inside}
    texts += [*(insides - {"{boundary}"}), *(source.inside for source in agent.rules if source.inside)]
    if agent.mcp is not None:
        texts += [text for file in agent.mcp.files for text in (file.path.replace("{ancestor}", ""), *file.servers)]
    for text in texts:
        assert set(re.findall(r"(?<!\$)\{(\w+)\}", text)) <= known, text


def test_rules_say_where_they_are(agent: AgentSpec) -> None:
    for source in agent.rules:
        assert source.names or source.invisible or source.text_setting or source.manifest, source.id
        assert source.walk != "up" or source.until != "markers" or source.markers, source.id


def test_glob_cases_name_their_patterns(agent: AgentSpec) -> None:
    for source in agent.rules:
        if isinstance(source.activation, tuple):
            assert source.activation[-1].if_ == (), f"{source.id}: no last case for everything else"
            for case in source.activation:
                assert (case.then == "glob") == (case.patterns is not None), source.id


def test_every_fact_has_evidence(agent: AgentSpec) -> None:
    for part in parts(agent):
        name = getattr(part, "id", None) or getattr(part, "path", None) or type(part).__name__
        assert part.evidence or agent.sources, name
        if part.confidence is Confidence.LAB:
            assert part.evidence.startswith("lab "), f"{name}: {part.evidence}"
            assert re.match(r"lab \d+\.\d+", part.evidence), f"{name}: which version?"


def test_versions_are_versions(agent: AgentSpec) -> None:
    for part in parts(agent):
        for version in (part.since, part.before):
            assert version is None or re.fullmatch(r"\d+(\.\d+)+", version), version
        if part.since is not None and part.before is not None:
            assert _key(part.since) < _key(part.before)


def test_versions_of_a_fixed_part_do_not_overlap(agent: AgentSpec) -> None:
    for title in {part.title for part in agent.fixed}:
        ranges = sorted(
            (_key(part.since or "0"), _key(part.before or "999999")) for part in agent.fixed if part.title == title
        )
        assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(ranges)), title


def test_fixed_parts_add_up_and_are_dated(agent: AgentSpec) -> None:
    for part in agent.fixed:
        datetime.date.fromisoformat(part.date)
        assert part.source
        assert not part.parts or sum(part.parts.values()) == part.tokens, part.id
        assert part.category != "tools" or not part.parts or part.count == len(part.parts), part.id


def test_own_tools_are_in_no_fixed_part(agent: AgentSpec) -> None:
    own = [tool.name for group in (agent.mcp.own_tools if agent.mcp else ()) for tool in group.tools]
    assert not {name for part in agent.fixed for name in part.parts} & set(own)
    for group in agent.mcp.own_tools if agent.mcp else ():
        assert group.tools
        assert len({tool.name for tool in group.tools}) == len(group.tools)
        assert all(tool.tokens > (tool.listed or 0) for tool in group.tools), group.id


def test_agents_without_figures_say_so(agent: AgentSpec) -> None:
    if not any(part.category == "system" for part in agent.fixed):
        assert any("not measured" in note for note in agent.notes)


def test_lab_agents_have_figures() -> None:
    for path in FILES:
        if path.stem in LAB:
            assert load(path).fixed, path.stem


def test_traces_are_the_agents_own() -> None:
    owners: dict[str, list[str]] = {}
    for path in FILES:
        for pattern in load(path).detect.files:
            owners.setdefault(pattern, []).append(path.stem)
    assert owners["AGENTS.md"] == ["codex"]
    assert owners["CLAUDE.md"] == ["claude-code"]
    assert owners["GEMINI.md"] == ["gemini-cli"]
    shared = {pattern: ids for pattern, ids in owners.items() if len(ids) > 1}
    allowed = {"copilot-cli", "copilot-vscode"}, {"continue", "continue-cli"}
    assert all(set(ids) in allowed for ids in shared.values()), shared


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))
