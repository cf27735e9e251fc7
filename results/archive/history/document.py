"""The yearly summary as a PDF, laid out as the annex of a run is (Decree 30/2020/NĐ-CP)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import typst

from giaoban.errors import GiaobanError, InputError, MachineLacks
from giaoban.temporary import temporary_folder
from results.archive.history.entry import Entry
from results.archive.history.trend import draw_trend
from results.archive.history.yearly import by_network, yearly
from results.archive.history.yearly_lists import Ledger
from results.archive.history.yearly_pictures import pictures
from results.archive.store import write_whole

TEMPLATE = Path(__file__).with_name("yearly.typ")
FONTS = Path("/usr/share/fonts/truetype/liberation")


def write_summary(entries: Sequence[Entry], year: int, out: Path, *, fonts: Path = FONTS) -> None:
    """Write the summary of a year's runs (oldest first) to `out`, replacing it in one step.

    The same runs give the same bytes. Raises `InputError` (no run; `out` no .pdf, or not
    writable), `MachineLacks` (fonts).
    """
    if not entries:
        raise InputError(f"--year {year}: no run was kept of that year, so there is no summary")
    if out.suffix.lower() != ".pdf":
        raise InputError(f'{out}: the summary is a .pdf file, not "{out.suffix}"')
    if not any(fonts.glob("LiberationSerif-*.ttf")):
        raise MachineLacks(
            f"the font Liberation Serif is not in {fonts}", "sudo apt-get install fonts-liberation"
        )
    with temporary_folder("summary") as root:
        data = yearly(entries, year)
        ledger = Ledger(entries)
        for part, runs in zip(data["networks"], by_network(entries, ledger), strict=True):
            part["pictures"] = []
            for caption, points in pictures(runs, ledger):
                file = root / f"trend-{len(list(root.iterdir()))}.svg"
                draw_trend(points, file, lang="vi")
                part["pictures"].append({"file": file.name, "caption": caption})
        (root / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        shutil.copyfile(TEMPLATE, root / "yearly.typ")
        pdf = _compile(root, fonts)
    write_whole(out, pdf)


def _compile(root: Path, fonts: Path) -> bytes:
    fallback = Path(mpl.get_data_path()) / "fonts" / "ttf"
    try:
        pdf = typst.compile(
            str(root / "yearly.typ"),
            root=str(root),
            font_paths=[str(fonts), str(fallback)],
            ignore_system_fonts=True,
            format="pdf",
        )
    except RuntimeError as error:
        raise GiaobanError(f"the yearly summary could not be set: {error}") from error
    if not isinstance(pdf, bytes):
        raise GiaobanError("the yearly summary could not be set: typst gave no PDF")
    return pdf
