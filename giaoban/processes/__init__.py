"""Processes: our own beside this one, other programs as children, signals, whose a folder is."""
