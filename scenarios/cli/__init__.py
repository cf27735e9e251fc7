"""The command line: reads arguments, prints for people or as JSON, turns errors into exit codes."""
