"""A first configuration, with a budget for each agent at what it loads today and some room."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ctxkit.model import Category
from ctxkit.report.summary import summarise

if TYPE_CHECKING:
    from ctxkit.model.audit import Audit

ROOM = 1.25
"""The limit of a first budget, as a multiple of what is there: a section may be added, a second file not."""

_HEAD = """\
# What coding agents load from this repository, and how much of it there may be.
# All keys: ctxkit schema config. What is held against it: ctxkit check. What the numbers mean: ctxkit audit.

# Agents that are checked. Without this line: every one that the repository is set up for.
agents: [{agents}]

# The least severity of a finding that fails a check: error, warning, note or never.
fail-on: warning
"""

_BUDGETS = """
# Limits: tokens (4000 tokens, 20k), a share of the window (2 %), or US dollars a turn ($0.01 per turn).
# From nine tenths of a limit on a check warns. A budget that matches nothing fails.
budgets:
"""

_REST = """
# What is let pass, and why. In Markdown a comment does the same for the next block:
#   <!-- ctxkit: ignore[{rule}] the reason, until 2027-01-31 -->
# ignore:
#   - rule: {rule}
#     paths: [docs/agents/**]
#     reason: why it stays
#     until: 2027-01-31

# Thresholds of one detector (ctxkit explain {rule} lists them), its severity, or none of it at all.
# detectors:
#   {rule}:
#     enabled: true
#     severity: note
"""

HOOK = """\
repos:
  - repo: local
    hooks:
      - id: ctxkit-check
        name: ctxkit (what coding agents load)
        entry: ctxkit check
        language: python
        additional_dependencies: [agent-ctxkit=={version}]
        pass_filenames: false
        always_run: true
"""
"""What ``.pre-commit-config.yaml`` needs."""


def first_config(audit: Audit, rule: str) -> str:
    """The text of ``.ctxkit.yaml`` for what ``audit`` found; ``rule``: a detector's id, for the examples."""
    agents = ", ".join(agent.context.agent for agent in audit.agents)
    budgets = []
    for agent in audit.agents:
        tokens = summarise(agent).by_category[Category.RULES]
        if tokens.n:
            about = "" if tokens.exact else "about "
            budgets.append(
                f'  - name: "rules that {agent.context.name} loads at the start"\n'
                f"    agent: {agent.context.agent}\n"
                f"    category: rules\n"
                f"    limit: {rounded_up(tokens.n * ROOM)} tokens  # {about}{tokens.n:,} today\n"
            )
    told = _BUDGETS + "".join(budgets) if budgets else ""
    return _HEAD.format(agents=agents) + told + _REST.format(rule=rule)


def rounded_up(tokens: float) -> int:
    """The next number of two digits and zeros, ten at least."""
    n = max(10, math.ceil(tokens))
    step: int = 10 ** max(1, len(str(n)) - 2)
    return -(-n // step) * step
