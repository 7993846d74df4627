"""How much of a window could go: one number, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addend:
    """A part of a score. ``points`` of at most ``most``; ``tokens``: what they are given for; ``said``: a sentence."""

    name: str
    points: float
    most: float
    tokens: int
    said: str


@dataclass(frozen=True, slots=True)
class AgentScore:
    """The score of one agent's window: 0 (nothing to take out) to 100, the sum of its addends, rounded."""

    agent: str
    value: int
    addends: tuple[Addend, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """The score of a repository: that of the agent with the highest. ``grade``: A (best) to F."""

    value: int
    grade: str
    agent: str
    addends: tuple[Addend, ...]
    agents: tuple[AgentScore, ...]
