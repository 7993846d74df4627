"""What is shown of a server before it is started: no code hides behind what looks like a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.sources.masking import printable
from ctxkit.sources.mcp_live.shown import shown_address, shown_line, shown_variables

CASES = yaml.safe_load((Path(__file__).parents[2] / "cases" / "mcp-shown.yaml").read_text("utf-8"))
SECRET = "3f9a1c7e5b2d4860a1b2"


@pytest.fixture
def directory(tmp_path: Path) -> str:
    (tmp_path / "node_modules" / "f00dfeed12345678beef").mkdir(parents=True)
    for name in ("evil.js", "a1b2c3d4e5f6a7b8c9d0.js"):
        (tmp_path / name).touch()
    return str(tmp_path)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_runs_is_shown(case: dict[str, Any], directory: str) -> None:
    if "variables" in case:
        found = " ".join(shown_variables(case["variables"], ["run", "$MY_KEY"], directory))
    elif "address" in case:
        found = shown_address(case["address"])
    else:
        found = shown_line(case["arguments"], directory)
    as_it_is = case.get("address") or " ".join(argument or '""' for argument in case.get("arguments", ()))
    assert found == case.get("shown", as_it_is)


NAMES = ["--token", "--token-loader", "-H", "-c", "--api-key="]
ASSIGNED = ["API_TOKEN=", "Authorization: Bearer ", 'PASSWORD="', "https://u:", "https://u:p@h/", "https://h/?key="]
CODE = st.text(alphabet="abcXYZ019-_.", max_size=12).flatmap(
    lambda text: st.sampled_from([f"$({text})", f"`{text}`", f"{text};{text}", f"{text}|x", f"/{text}", f"./{text}",
                                  f"{SECRET} {text}", f"$({SECRET})", f"{SECRET};x", f"<{SECRET}"])
)  # fmt: skip


@given(st.sampled_from(["x", *NAMES]), st.sampled_from(["", *ASSIGNED]), CODE)
def test_no_code_is_hidden(before: str, prefix: str, code: str) -> None:
    assert code in shown_line(["run", before, prefix + code], "/nowhere")


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_any_command_line_is_shown(arguments: list[str]) -> None:
    line = shown_line(arguments, "/nowhere")
    assert line.isprintable()
    assert printable(arguments[0]) in line or ('"' in arguments[0] and "'" in arguments[0])
