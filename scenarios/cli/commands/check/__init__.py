"""May it be connected: a check, a meeting, failures, calls upon calls; what was accepted."""
