"""What every room of the house shares: errors with exit codes, strict TOML, safe files.

Nothing here knows about networks, media or meetings. The rooms themselves are packages of this one
(`giaoban.topology`, …): installed they lie in its folder, in a checkout beside it, with a symbolic
link each.
"""

from pathlib import Path

ROOMS = ("topology", "traffic", "mcu_sim", "scenarios", "results")
PACKAGE = Path(__file__).parent
IMPORTED_FROM = PACKAGE.parent
"""Where `import giaoban` finds this: what a Python process of ours needs to find it as well."""
