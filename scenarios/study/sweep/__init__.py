"""Sweeps: bridges × profiles × devices × failures, many points at once, none of them twice."""
