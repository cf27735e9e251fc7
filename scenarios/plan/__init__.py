"""Scenario + network + device → plan: everything that is fixed before an emulation starts."""
