"""The questions, as files and as code: plan → emulate → judge, and the command line."""
