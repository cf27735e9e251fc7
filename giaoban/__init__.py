"""Checks whether video-conference bridges may be added: before, during and after the connection.

`giaoban.__all__` is what other programs may use (docs/python.md, `giaoban.scenarios.api`), each
loaded when it is asked for. The rest is the program's own and changes without notice.

What every room of the house shares is beside this: errors with exit codes, strict TOML, safe files.
Nothing here knows about networks, media or meetings. The rooms themselves are packages of this one
(`giaoban.topology`, …): installed they lie in its folder, in a checkout beside it, with a symbolic
link each.
"""

from importlib import import_module
from pathlib import Path

ROOMS = ("topology", "traffic", "mcu_sim", "scenarios", "results")
PACKAGE = Path(__file__).parent
IMPORTED_FROM = PACKAGE.parent
"""Where `import giaoban` finds this: what a Python process of ours needs to find it as well."""

_API = "giaoban.scenarios.api"
_OF_OTHERS = {
    "Result": "giaoban.results.model.result",
    "InputError": "giaoban.errors",
    "InvalidRun": "giaoban.errors",
    "MachineLacks": "giaoban.errors",
}
__all__ = [
    "InputError",
    "InvalidRun",
    "MachineLacks",
    "Province",
    "Result",
    "Scenario",
    "check",
    "estimate",
    "headroom",
    "load_result",
    "sensitivity",
    "whatif",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_OF_OTHERS.get(name, _API)), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
