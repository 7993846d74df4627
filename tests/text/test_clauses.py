"""What clauses ask for, and which settings enforce a choice."""

from __future__ import annotations

import pytest

from ctxkit.text.amounts import differing
from ctxkit.text.choices import choice_rules
from ctxkit.text.clauses import Mood, clauses
from ctxkit.text.enforced import enforced_rules, settings_of
from ctxkit.text.listings import rows
from ctxkit.text.polarity import opposed
from ctxkit.text.statements import statements


def asked(text: str) -> list[tuple[Mood, frozenset[str]]]:
    """The moods of the clauses of ``text``, and the words of the condition on which each holds."""
    (statement,) = statements(f"- {text}\n")
    return [(clause.mood, clause.when) for clause in clauses(statement, text)]


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("Always run the linter.", Mood.DEMAND),
        ("Run the linter.", Mood.DEMAND),
        ("Never run the linter.", Mood.FORBID),
        ("Modules must not import the linter.", Mood.FORBID),
        ("Generated files are off limits.", Mood.FORBID),
        ("Leave type annotations out of signatures.", Mood.FORBID),
        ("Feel free to edit the notes.", Mood.PERMIT),
        ("Modules may import the linter.", Mood.PERMIT),
        ("There is no need to run the linter.", Mood.EXEMPT),
        ("A changelog entry is optional", Mood.EXEMPT),
    ],
)
def test_the_mood_of_a_clause(text: str, mood: Mood) -> None:
    assert [mood for mood, _ in asked(text)] == [mood]


def test_what_is_rejected_for_something_is_forbidden() -> None:
    assert [mood for mood, _ in asked("Use events instead of polling.")] == [Mood.DEMAND, Mood.FORBID]
    assert [mood for mood, _ in asked("Use events, never polling.")] == [Mood.DEMAND, Mood.FORBID]


def test_conditions_make_a_clause_narrow() -> None:
    ((_, when),) = asked("Run the linter when a migration fails.")
    assert {word[:4] for word in when} == {"migr", "fail"}
    assert asked("Run the linter whenever possible.") == [(Mood.DEMAND, frozenset())]
    pair = ["- Never retry uploads.\n", "- Retry uploads when a gateway answers 502.\n"]
    assert not list(opposed(pair, 0.6, 50))
    assert list(opposed(["- Never retry uploads.\n", "- Retry uploads.\n"], 0.6, 50))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Never hand out raw pointers.", "Feel free to hand out raw pointers."),
        (
            "Rotate the logs nightly before the backup.",
            "There is no need to rotate the logs nightly prior to the backup.",
        ),
        ("Prefer tables over nested lists.", "Prefer nested lists over tables."),
        ("After a schema edit, run `just dump`.", "Do not run `just dump` after a schema edit."),
        ("Never publish, mirror or archive nightly builds.", "Archive nightly builds."),
        ("Do not merge drafts without a green pipeline.", "Merge drafts without a green pipeline."),
        ("Start the broker on port 5000 in tests.", "Start the broker on port 6000 in tests."),
        ("Fixture files are read-only.", "Edit fixture files."),
    ],
)
def test_statements_that_exclude_one_another(one: str, other: str) -> None:
    assert len(list(opposed([f"- {one}\n", f"- {other}\n"], 0.6, 50))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Don't use redundant template strings.", "Use template strings."),
        ("Never call the broker from handlers except in tests.", "Call the broker from handlers in tests."),
        ("Do not skip the smoke run.", "Do the smoke run."),
        ("`broker stop` - ends the broker", "Never run `broker stop`."),
        ("Add a row to the index if an entry is not listed.", "Add a row to the index."),
        ("The broker may not be running.", "Check that the broker is running."),
        ("Edit the left pane.", "Never edit the right gutter."),
    ],
)
def test_statements_that_agree(one: str, other: str) -> None:
    assert not list(opposed([f"- {one}\n", f"- {other}\n"], 0.6, 50))


def test_a_list_behind_a_ban_on_something_else_asks() -> None:
    first = "# House\n\nNever use `rand` itself. Use the tools of `lib/draw`:\n\n- `draw()`, use by default\n"
    assert not list(opposed([first, "- Use `draw()` from `lib/draw`.\n"], 0.6, 50))


def test_a_list_of_what_is_not_to_be_done_forbids() -> None:
    first = "# House\n\n## Never do\n\n- Store sessions in memory.\n"
    assert len(list(opposed([first, "- Store sessions in memory here.\n"], 0.6, 50))) == 1


def test_two_bans_do_not_exclude_one_another() -> None:
    assert not list(opposed(["- Never run the linter twice.\n- Do not run the linter twice.\n"], 0.6, 50))


def test_synonyms_are_one_word() -> None:
    (pair,) = opposed(["- Never remove old migrations.\n", "- Delete old migrations.\n"], 0.6, 50)
    assert pair.share == 1
    assert (pair.earlier.text, pair.later.text) == (0, 1)


def test_bounds_of_different_things_do_not_differ() -> None:
    assert not list(differing(["- Titles have at most 50 characters.\n- Lines have at most 100 characters.\n"], 0.5))


def test_every_setting_names_a_choice_that_there_is() -> None:
    groups = {group.id: group.options for group in choice_rules().groups}
    for tool in enforced_rules().tools.values():
        for rule in tool.settings.values():
            assert {name for name in (rule.option, *rule.values.values()) if name} <= set(groups[rule.group])


def test_words_of_choices_are_written_as_they_are_compared() -> None:
    for group in choice_rules().groups:
        assert group.words == group.words.lower()
        assert all(option in group.options for together in group.agree for option in together)


def test_a_width_does_not_count_where_tabs_indent() -> None:
    text = "[*]\nindent_style = tab\nindent_size = 4\n"
    (setting,) = settings_of({".editorconfig": text}, frozenset(("indent",)))
    assert (setting.choice.option, text[setting.start : setting.end]) == ("tabs", "indent_style = tab")


@pytest.mark.parametrize("text", ["", "{", "[" * 50_000, "\0", "x: &a [*a]", "a = [" * 9_999])
@pytest.mark.parametrize(
    "name", [".prettierrc", "pyproject.toml", ".eslintrc.yml", ".editorconfig", "eslint.config.js"]
)
def test_settings_that_are_none(name: str, text: str) -> None:
    groups = frozenset(("quotes", "indent", "console"))
    assert all(not setting.explicit for setting in settings_of({name: text}, groups))


def test_rows_of_a_tree() -> None:
    drawn = "app/\n├── core/      # rules\n│   └── one.py\n└── main.py - starts\n"
    assert list(rows(drawn)) == [
        ("app/", ""),
        ("app/core/", "rules"),
        ("app/core/one.py", ""),
        ("app/main.py", "starts"),
    ]
