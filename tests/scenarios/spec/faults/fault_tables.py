"""`[[fault]]` tables as text, and the scenario that has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scenario_factory import DEFAULT, scenario

RING = "gia-nghia--dak-song"
QL14 = """
[[group]]
id = "ql14"
name = "Cáp dọc Quốc lộ 14"
links = ["gia-nghia--dak-song", "gia-nghia--dak-r-lap"]
source = "test"
"""


def fault(kind: str | None, at_s: float | None = 1.0, **keys: object) -> str:
    """One table; None: without that key."""
    given = {"kind": kind, "at_s": at_s, **keys}
    lines = [f"{k} = {v!r}".replace("'", '"') for k, v in given.items() if v is not None]
    return "\n".join(["[[fault]]", *lines, ""])


def with_faults(folder: Path, *faults: str, length_s: float = 10.0, province: str = "") -> Path:
    """The default province's bridges in three phases of that length; `province` is added to it."""
    how: dict[str, Any] = {"bridges": (), "phases": (length_s,) * 3, "province": DEFAULT}
    if province:
        how["province"] = folder / "province.toml"
        text = DEFAULT.read_text(encoding="utf-8") + province
        how["province"].write_text(text, encoding="utf-8")
    return scenario(folder / "s.toml", more="".join(faults), **how)
