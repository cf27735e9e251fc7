"""Captures → measures: streams, links, faults' impact, and whether the run can be trusted."""
