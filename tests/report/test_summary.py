from ctxkit.model import Category
from ctxkit.report.summary import hidden_tokens, sections, summarise


def test_the_start_is_the_sum_of_what_is_loaded(one) -> None:
    agent = one.agents[0]
    summary = summarise(agent)
    assert summary.start.n == sum(s.tokens.n for s in agent.context.segments if s.loaded) == 28_278
    assert not summary.start.exact
    assert summary.start.error == 0.08
    assert {c: t.n for c, t in summary.by_category.items()} == {
        Category.SYSTEM: 7_204,
        Category.RULES: 6_598,
        Category.TOOLS: 14_476,
        Category.HISTORY: 0,
        Category.FILES: 0,
    }


def test_what_can_be_cut_comes_largest_first_and_is_not_built_in(one) -> None:
    cuttable = summarise(one.agents[0]).cuttable
    assert [s.path for s in cuttable][:3] == ["CLAUDE.md", ".mcp.json", "~/.claude/CLAUDE.md"]
    assert all(s.path and s.loaded for s in cuttable)


def test_what_comes_later_leaves_out_what_is_there_already(one) -> None:
    summary = summarise(one.agents[0])
    assert [s.path for s in summary.later][:2] == [".claude/skills/review/SKILL.md", ".claude/skills/deploy/SKILL.md"]
    assert summary.later_tokens.n == (5_310 - 48) + (2_001 - 61) + (792 - 55) + (300 - 30) + 1_020 + 402
    assert [s.path for s in summary.unread] == ["AGENTS.md"]


def test_subsections_count_with_the_section_above(make_rule) -> None:
    rule = make_rule(
        "A.md",
        100,
        [("(before the first heading)", 5), ("# T", 10), ("## A", 20), ("### A1", 30), ("## B", 25), ("## C", 10)],
    )
    assert [(title, tokens.n) for title, tokens in sections(rule)] == [
        ("## A", 50),
        ("## B", 25),
        ("# T", 10),
        ("## C", 10),
        ("(before the first heading)", 5),
    ]


def test_sections_of_one_level_and_parts_without_level(make_rule) -> None:
    assert [t for t, _ in sections(make_rule("A.md", 3, [("# A", 1), ("# B", 2)]))] == ["# B", "# A"]
    assert [t for t, _ in sections(make_rule("A.md", 3, [("one", 1), ("#hash", 2)]))] == ["#hash", "one"]
    assert sections(make_rule("A.md", 3)) == ()


def test_hidden_tokens(one) -> None:
    assert hidden_tokens(one.agents[0], one.inventory) == 120_034


def test_servers(one) -> None:
    summary = summarise(one.agents[0])
    assert [s.title for s in summary.servers] == ["github", "postgres", "old"]
    assert [s.title for s in summary.uncounted] == ["postgres"]
