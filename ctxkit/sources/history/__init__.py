"""Recorded sessions of coding agents: one module per transcript format, all giving the same events."""
