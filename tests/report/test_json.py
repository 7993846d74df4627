import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ctxkit.model import Activation, Category, Segment, Skipped, Tokens
from ctxkit.report.json import audit_json
from ctxkit.report.json_values import utf8

SCHEMA = json.loads((Path(__file__).parents[2] / "rules" / "schema" / "audit.json").read_text(encoding="utf-8"))


def report(audit, models) -> dict:
    return json.loads(b"".join(audit_json(audit, models)))


def test_it_satisfies_its_schema(several, models) -> None:
    Draft202012Validator(SCHEMA).validate(report(several, models))


def test_the_schema_refuses_what_is_not_a_report(several, models) -> None:
    broken = report(several, models)
    broken["agents"][0]["items"][0]["activation"] = "sometimes"
    assert not Draft202012Validator(SCHEMA).is_valid(broken)


def test_keys_are_sorted_and_bytes_repeat(several, models) -> None:
    def check(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys = [key for key, _ in pairs]
        assert keys == sorted(keys)
        return dict(pairs)

    data = b"".join(audit_json(several, models))
    json.loads(data, object_pairs_hook=check)
    assert data == b"".join(audit_json(several, models))
    assert data.endswith(b"\n")


def test_items_stand_one_to_a_line(one, models) -> None:
    lines = b"".join(audit_json(one, models)).decode().splitlines()
    items = [
        json.loads(line.removesuffix(",")) for line in lines if line.startswith('{"activation"') and line.endswith("},")
    ]
    assert len(items) >= len(one.agents[0].context.segments)


def test_totals_and_cost(one, models) -> None:
    agent = report(one, models)["agents"][0]
    estimate = {"by": "claude-4.5 estimate", "error": 0.08, "exact": False, "n": 28_278}
    assert agent["total"] == {**estimate, "at_least": True}, "the tools of one server are unknown"
    assert agent["totals"]["tools"]["at_least"]
    assert "at_least" not in agent["totals"]["rules"]
    assert agent["cost"]["at_least"]
    assert sum(tokens["n"] for tokens in agent["totals"].values()) == 28_278
    assert agent["cost"]["uncached_turn"] == pytest.approx(28_278 * 3e-6)
    assert agent["cost"]["per_100_turns_cached"] == pytest.approx(28_278 * (3.75e-6 + 99 * 0.3e-6), abs=1e-6)


def test_an_unknown_price_is_null(one) -> None:
    assert report(one, {})["agents"][0]["cost"] is None


def test_files_are_items(one, models) -> None:
    audit = replace(
        one, agents=(replace(one.agents[0], listed=frozenset({"src/index.ts"}), touched=frozenset({"src/index.ts"})),)
    )
    files = {i["path"]: i for i in report(audit, models)["agents"][0]["items"] if i["category"] == "files"}
    assert len(files) == one.inventory.count
    hidden, read = files["package-lock.json"], files["src/index.ts"]
    assert (hidden["activation"], hidden["loaded"], hidden["after_touch"]) == ("never", False, False)
    assert (read["activation"], read["loaded"], read["after_touch"]) == ("named", False, True)
    assert read["why"] == "its name is listed"
    assert read["tokens"]["n"] == 0
    assert read["tokens_if_used"]["n"] > 0
    assert "bad\\xff\x1b[31mname.txt" in files


def test_children_and_spans(one, models) -> None:
    items = report(one, models)["agents"][0]["items"]
    rule = next(item for item in items if item["path"] == "CLAUDE.md" and item["category"] == "rules")
    assert rule["children"][1]["title"] == "## Commands"
    assert rule["children"][1]["span"] == {"end": 901, "start": 0}
    assert rule["span"] is None


def test_undecodable_names_give_valid_utf8(one, models) -> None:
    bad = "a\udcff\ud800\x00"
    tokens = Tokens(1, exact=False, by=f"{bad} estimate", error=0.1)
    segment = Segment(Category.RULES, "rule", bad, Activation.ALWAYS, bad, tokens=tokens, via=(bad,), why=bad, id=bad)
    agent = one.agents[0]
    context = replace(agent.context, segments=(segment,), notes=(bad,), skipped=(Skipped(bad, bad, bad),))
    audit = replace(one, agents=(replace(agent, context=context),), skipped=(Skipped(bad, bad, bad),))
    data = b"".join(audit_json(audit, models))
    data.decode("utf-8")
    Draft202012Validator(SCHEMA).validate(json.loads(data))


@given(st.text(st.characters(exclude_categories=[])))
def test_utf8_is_encodable_and_leaves_good_text_alone(text: str) -> None:
    shown = utf8(text)
    shown.encode("utf-8")
    if not any("\ud800" <= char <= "\udfff" for char in text):
        assert shown == text


def test_names_that_look_like_the_frame_do_not_break_it(one, models) -> None:
    agent = one.agents[0]
    context = replace(agent.context, name='"items":[]', version='"agents":[]')
    assert report(replace(one, agents=(replace(agent, context=context),)), models)["agents"][0]["name"] == '"items":[]'


def test_pieces_stay_small(one, models, make_inventory) -> None:
    inventory = make_inventory([(f"src/file{n}.py", 10, 3) for n in range(20_000)])
    pieces = [len(piece) for piece in audit_json(replace(one, inventory=inventory), models)]
    assert max(pieces) < sum(pieces) / 4
