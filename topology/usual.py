"""What figures usually are, so that one written in another unit is asked about.

The models allow whatever can be computed. What is far beyond the figures that networks have is more
often km in metres or Mb/s in bit/s than a record: it is an error that says what is probably meant,
and how to say that it is meant as it is (`unusual` at the top of a file).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel

from giaoban.sentence import N_, Sentence
from giaoban.tomlfile import Loc, Mistake

UNUSUAL = N_('if it is meant: unusual = ["{key}"] at the top of the file')


class Usual(NamedTuple):
    """Figures of a key from `low` to `high` are not asked about.

    `others`: units in which people have it at hand, with the factor that turns them into ours.
    """

    low: float
    high: float
    unit: str
    others: Sequence[tuple[str, float]]


_TO_MS = (("µs", 1e-3), ("s", 1e3))
USUAL: Mapping[str, Usual] = {
    # the longest of the country is some 1,700 km by road
    "km": Usual(0, 2_000, "km", (("m", 1e-3),)),
    # a dial-up line of ISDN; 10 Gb/s Ethernet
    "rate_mbps": Usual(0.064, 10_000, "Mb/s", (("kb/s", 1e-3), ("bit/s", 1e-6))),
    "buffer_packets": Usual(2, 100_000, "packets", (("bytes", 1 / 1500),)),
    # RFC 2328 C.3 has 10 s and 40 s; what is written in seconds is asked about
    "hello_ms": Usual(50, 60_000, "ms", _TO_MS),
    "dead_ms": Usual(100, 240_000, "ms", _TO_MS),
    "bfd_interval_ms": Usual(3, 5_000, "ms", _TO_MS),
    "loss_of_signal_ms": Usual(0, 2_000, "ms", _TO_MS),
    "route_install_ms": Usual(0, 5_000, "ms", _TO_MS),
    "min_ls_interval_ms": Usual(50, 10_000, "ms", _TO_MS),
    # jitter of a line
    "mean_ms": Usual(0, 1_000, "ms", _TO_MS),
    "sd_ms": Usual(0, 1_000, "ms", _TO_MS),
    "scale_ms": Usual(0, 1_000, "ms", _TO_MS),
}
"""Key → what it usually is."""


def probably(key: str, value: float) -> Sentence | None:
    """What a figure would be if it were in another unit; None: it is usual, or would be in none."""
    usual = USUAL.get(key)
    if usual is None or usual.low <= value <= usual.high:
        return None
    for unit, factor in usual.others:
        if usual.low <= (converted := value * factor) <= usual.high:
            return Sentence(
                "{value:.10g} {unit} would be {key} = {converted}",
                value=value,
                unit=unit,
                key=key,
                # to be written into the file, with its decimal sign
                converted=f"{round(converted) if key == 'buffer_packets' else converted:.6g}",
            )
    return None


def with_probable(said: Sentence, key: str, value: float) -> Sentence:
    """What is wrong with a figure, and what it would be in another unit."""
    probable = probably(key, value)
    return (
        said if probable is None else Sentence("{said}; {probably}", said=said, probably=probable)
    )


def known_key(key: str) -> str:
    """A key of `USUAL`. Raises `ValueError`."""
    if key not in USUAL:
        known = ", ".join(USUAL)
        raise ValueError(Sentence("is no key of a figure (allowed: {known})", known=known))
    return key


def unusual(model: BaseModel, meant: Sequence[str] = ()) -> Iterator[Mistake]:
    """The figures of a model, and of all in it, that are to be asked about; `meant` are keys whose
    figures are not."""
    yield from _unusual(model, frozenset(meant), ())


def _unusual(model: BaseModel, meant: frozenset[str], at: Loc) -> Iterator[Mistake]:
    for name, field in type(model).model_fields.items():
        value, key = getattr(model, name), field.alias or name
        if isinstance(value, BaseModel):
            yield from _unusual(value, meant, (*at, key))
        elif isinstance(value, list):
            for number, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from _unusual(item, meant, (*at, key, number))
        elif (
            name in USUAL
            and name not in meant
            and isinstance(value, int | float)
            and (said := _asked(name, value))
        ):
            yield (*at, key), value, said


def _asked(key: str, value: float) -> Sentence | None:
    usual = USUAL[key]
    if usual.low <= value <= usual.high:
        return None
    return Sentence(
        "are {value:.10g} {unit} meant?{probably} ({how})",
        value=value,
        unit=usual.unit,
        probably=Sentence(" {said}", said=said) if (said := probably(key, value)) else "",
        how=Sentence(UNUSUAL, key=key),
    )


def keys_of(model: BaseModel) -> list[str]:
    """The keys of a model's unusual figures, for `unusual` in a file that is made of figures."""
    return sorted({str(loc[-1]) for loc, _, _ in unusual(model)})
