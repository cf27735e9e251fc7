"""Captures → measures: streams, links, faults' impact, whether the run can be trusted; and what an
answer rests on: assumptions, and what the model leaves out."""
