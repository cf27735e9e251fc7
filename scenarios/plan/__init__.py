"""Scenario + network + device → question and plan: all that is fixed before an emulation starts."""
