"""What every room of the house shares: errors with exit codes, strict TOML, safe files.

Nothing here knows about networks, media or meetings.
"""
