"""The study of encodings as tables for people."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from bench.encodings.clips import FPS
from bench.encodings.fit import LAGS, WINDOWS, Statistics
from bench.encodings.study import CONTENT, Encodings

NOTE = """\
Sizes are in mean frames. Settled predicted frames are those no key frame came within a second
before. "KS" is the largest gap between the distribution functions of settled frames, encoded and
drawn. The clips are Carphone, scaled up with a camera's noise (head), and two small heads in a room
that stands still (room); scaling leaves less detail than a camera would, so a real call's
key frames may be larger against its predicted ones. Slides are drawn text and a photograph.
"""


def show(study: Encodings, console: Console) -> None:
    """Encoded beside drawn, and the constants."""
    console.print(_compared(study))
    console.print(NOTE, highlight=False)
    console.print(_constants(study))


def _compared(study: Encodings) -> Table:
    table = _table("x264 in a conferencing setting, and the model fitted to all of it")
    table.add_column("clip")
    for name in ("size, kb/s", "profile", "", "mean", "σ of log", "key", "KS"):
        table.add_column(name, justify="right")
    table.add_column(f"correlation at {LAGS[0]}, {LAGS[1]}, {LAGS[3]}, {LAGS[5]}", justify="right")
    table.add_column(f"dispersion over {', '.join(map(str, WINDOWS))}", justify="right")
    table.add_column("peak 0.1 s, 1 s", justify="right")
    for row in study.compared:
        where = (row.clip, row.size, row.profile)
        table.add_row(*where, "x264", *_figures(row.encoded, ""))
        table.add_row("", "", "", "model", *_figures(row.drawn, f"{row.distance:.2f}"))
    return table


def _figures(figures: Statistics, distance: str) -> tuple[str, ...]:
    lags = [figures.correlation[n] for n in (0, 1, 3, 5)]
    return (
        f"{figures.mean:.3f}",
        f"{figures.sigma:.2f}",
        f"{figures.key_ratio:.1f}",
        distance,
        " ".join(f"{value:.2f}" for value in lags),
        " ".join(f"{value:.2f}" for value in figures.dispersion),
        " ".join(f"{value:.2f}" for value in figures.peak),
    )


def _constants(study: Encodings) -> Table:
    table = _table("Constants of profiles.toml by this study")
    table.add_column("constant")
    table.add_column("value", justify="right")
    table.add_column("what")
    for name, value in asdict(study.fit).items():
        table.add_row(name, f"{value:.2f}", "\\[encoder]")
    encoded, drawn = study.scenes, study.drawn_scenes
    for what, one in (("x264", encoded), ("model", drawn)):
        after = f"{one.raised:+.2f} over {one.settle / FPS:.2f} s"
        table.add_row("scene change", f"{one.ratio:.2f}", f"{what}; frames after it {after}")
    table.add_row("scene keys", f"{study.scene_keys:.2f}", "key frames a change if x264 may")
    of = f"\\[content], slides at {CONTENT.fps} frames/s, {CONTENT.kbps:g} kb/s"
    slides = study.slides
    table.add_row("picture_bytes", f"{slides.picture_bytes:.0f}", of)
    table.add_row("picture_sigma", f"{slides.picture_sigma:.2f}", of)
    table.add_row("refine_ratio", f"{slides.refine_ratio:.2f}", of)
    table.add_row("refine_s", f"{slides.refine_frames / CONTENT.fps:.2f}", of)
    table.add_row("idle_bytes", f"{slides.idle_bytes:.0f}", of)
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
