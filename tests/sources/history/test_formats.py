"""The registry of transcript formats: what is in the folder, what the agents' data files say, and nothing else."""

from __future__ import annotations

import json
import os
import re

import pytest

from ctxkit.agents.load import agent_ids, all_agents
from ctxkit.model import CtxkitError
from ctxkit.sources import history
from ctxkit.sources.history import formats

FOLDER = os.path.dirname(history.__file__)
UNREAD = {
    "amazon-q", "amp", "copilot-vscode", "cursor", "factory-droid", "junie", "kiro", "warp", "zed",
}  # fmt: skip
"""Agents whose transcripts have a place in the data files and no reader yet."""


def test_every_module_that_reads_a_format_is_registered_once() -> None:
    found = set()
    for name in os.listdir(FOLDER):
        with open(os.path.join(FOLDER, name), encoding="utf-8") if name.endswith(".py") else open(os.devnull) as file:
            text = file.read()
        if re.search(r"^def recognise\(", text, re.MULTILINE) and re.search(r"^ID = ", text, re.MULTILINE):
            found.add(name.removesuffix(".py"))
    assert sorted(formats.READERS) == sorted(found)


@pytest.mark.parametrize("name", formats.READERS)
def test_a_reader_keeps_the_protocol(name: str) -> None:
    reader = formats.reader(name)
    assert re.fullmatch(r"[a-z][a-z0-9-]*", reader.ID)
    assert set(reader.AGENTS) <= set(agent_ids())
    assert reader.__doc__
    for function in (reader.recognise, reader.peek, reader.read):
        assert function.__doc__


def test_names_of_formats_are_distinct() -> None:
    ids = [formats.reader(name).ID for name in formats.READERS]
    assert len(set(ids)) == len(ids)


def test_every_agent_that_records_sessions_has_a_reader_or_is_known_to_have_none() -> None:
    read = {agent for name in formats.READERS for agent in formats.reader(name).AGENTS}
    recording = {identity for identity, spec in all_agents().items() if spec.transcripts}
    assert recording - read == UNREAD
    assert read <= recording


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"\x00" * 100, b"{}", b"[]", b"null", b"hello\n", b'{"a": 1}\n{"b": 2}\n']
)
def test_what_is_no_transcript_is_refused_in_a_sentence(tmp_path, data: bytes) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(data)
    with pytest.raises(CtxkitError, match=r"is empty|is no transcript of a known format"):
        formats.reader_of(formats.head_of(str(path)))


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_early_line_longer_than_the_beginning_hides_none_of_the_next(tmp_path, at: int) -> None:
    records: list[dict[str, object]] = [{"n": number} for number in range(4)]
    records[at]["pasted"] = "x" * 200_000
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records) + '{"cut": ', encoding="utf-8")
    head = formats.head_of(str(path))
    assert list(head.records) == records
    assert head.is_lines


def test_one_long_line_alone_may_be_a_document(tmp_path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"pasted": "x" * 200_000}), encoding="utf-8")
    head = formats.head_of(str(path))
    assert not head.is_lines
    assert head.is_json
