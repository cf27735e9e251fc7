"""Time series of a run, for plots: what happened second by second."""

from __future__ import annotations

import io
import json
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from giaoban.errors import InputError
from giaoban.files import entries_of, read_file, refuse_too_many

type Floats = NDArray[np.float64]

SCHEMA = "giaoban.series/3"
MOST_BYTES, MOST_UNPACKED = 128 * 2**20, 2**30
STREAM_GROUPS = (
    "stream_delay_ms",
    "stream_lost_pct",
    "stream_jitter_ms",
    "stream_frozen_pct",
    "stream_mos",
)
_STREAM = re.compile(r"[a-z0-9-]+ (audio|video|content) (up|down)")


@dataclass(frozen=True)
class Series:
    """All arrays have the shape (T,) of `t_s` (seconds from the start of the first phase).

    Keys are `"BRIDGE KIND DIRECTION"` for streams (`cu-jut video up`), and `"LINK-ID A->B"` for
    link directions. NaN: nothing measured then (a bridge not yet connected). `stream_delay_ms` is
    the 95th percentile of the second, `stream_lost_pct` what the listener missed (lost on the wire,
    removed by the injector or corrupted), `stream_jitter_ms` RFC 3550 jitter, `stream_frozen_pct`
    the share of the second that a picture stood still, `stream_mos` of sound, `mcu_used_pct`
    how much of the MCU is in use (see `giaoban.results.model.result`). `names` maps ids to
    the names shown to people. `impaired` are (label_en, label_vi, from_s, to_s) of what was done
    on purpose.
    """

    t_s: Floats
    stream_delay_ms: dict[str, Floats]
    stream_lost_pct: dict[str, Floats]
    link_utilisation_pct: dict[str, Floats]
    mcu_used_pct: Floats
    phases: list[tuple[str, float, float]]
    names: dict[str, str]
    stream_jitter_ms: dict[str, Floats] = field(default_factory=dict)
    stream_frozen_pct: dict[str, Floats] = field(default_factory=dict)
    stream_mos: dict[str, Floats] = field(default_factory=dict)
    impaired: list[tuple[str, str, float, float]] = field(default_factory=list)

    @property
    def lines(self) -> dict[str, dict[str, Floats]]:
        """What pictures of lines show, by their names."""
        return {
            "delay": self.stream_delay_ms,
            "loss": self.stream_lost_pct,
            "jitter": self.stream_jitter_ms,
            "mos": self.stream_mos,
            "frozen": self.stream_frozen_pct,
            "links": self.link_utilisation_pct,
        }

    @property
    def pictures(self) -> list[str]:
        """`delay`, `loss`, `links` and `mcu` always; `jitter`, `mos` and `frozen` if there is such
        a series."""
        always = {"delay", "loss", "links"}
        return [*(name for name, data in self.lines.items() if data or name in always), "mcu"]

    def __post_init__(self) -> None:
        """Raises `ValueError` if an array does not fit `t_s`, or a key is no stream's."""
        groups = self._groups()
        for group, arrays in groups.items():
            for key, array in arrays.items():
                where = f"{group}[{key}]"
                if array.shape != self.t_s.shape:
                    raise ValueError(f"{where} has shape {array.shape}, t_s {self.t_s.shape}")
                if group in STREAM_GROUPS and not _STREAM.fullmatch(key):
                    raise ValueError(f"{where}: the key is not BRIDGE KIND DIRECTION")

    def _groups(self) -> dict[str, dict[str, Floats]]:
        streams: dict[str, dict[str, Floats]] = {
            name: getattr(self, name) for name in STREAM_GROUPS
        }
        return {
            **streams,
            "link_utilisation_pct": self.link_utilisation_pct,
            "mcu_used_pct": {"": self.mcu_used_pct},
        }

    def save(self, path: Path) -> None:
        """Write one compressed .npz: a matrix (keys × T) for each group, and a JSON header."""
        header: dict[str, Any] = {
            "schema": SCHEMA,
            "phases": self.phases,
            "names": self.names,
            "impaired": self.impaired,
            "keys": {group: list(arrays) for group, arrays in self._groups().items()},
        }
        length = self.t_s.size
        matrices: dict[str, Any] = {
            group: np.stack(list(arrays.values())) if arrays else np.empty((0, length))
            for group, arrays in self._groups().items()
        }
        text = np.frombuffer(json.dumps(header, ensure_ascii=False).encode(), dtype=np.uint8)
        with path.open("wb") as file:
            np.savez_compressed(file, header=text, t_s=self.t_s, **matrices)

    @classmethod
    def load(cls, path: Path) -> Series:
        """Read what `save` wrote. Raises `InputError` for any other file."""
        try:
            raw = read_file(path, most=MOST_BYTES)
            refuse_too_many(raw)
            with np.load(io.BytesIO(raw), allow_pickle=False) as file:
                entries_of(file.zip, len(raw), MOST_UNPACKED)
                header = json.loads(bytes(file["header"]))
                if header["schema"] != SCHEMA:
                    raise InputError(
                        "{path}: schema {found}, {schema} is needed (written by "
                        "another version of the program: run the check again)",
                        path=path,
                        found=repr(header["schema"]),
                        schema=SCHEMA,
                    )
                groups = {
                    group: dict(zip(keys, np.asarray(file[group], dtype=np.float64), strict=True))
                    for group, keys in header["keys"].items()
                }
                return cls(
                    t_s=np.asarray(file["t_s"], dtype=np.float64),
                    **{name: groups[name] for name in STREAM_GROUPS},
                    link_utilisation_pct=groups["link_utilisation_pct"],
                    mcu_used_pct=groups["mcu_used_pct"][""],
                    phases=[(str(n), float(a), float(b)) for n, a, b in header["phases"]],
                    names=dict(header["names"]),
                    impaired=[
                        (str(en), str(vi), float(a), float(b))
                        for en, vi, a, b in header["impaired"]
                    ],
                )
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            EOFError,
            AttributeError,
            ArithmeticError,
            NotImplementedError,
            RecursionError,
            MemoryError,
            BadZipFile,
            zlib.error,
        ) as error:
            raise InputError(
                "{path}: is not a series file: {error}", path=path, error=error
            ) from None
