"""`make pictures`: what the README shows, made anew of two checks of the default expansion (English
and Vietnamese): the terminal, the map, a page of the annex, the page of the browser.

Needs what the tests need: the guest, poppler's pdftoppm, a browser.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from scripts.docs.fences import ROOT

OUT = ROOT / "docs" / "pictures"
SCENARIO = "scenarios/expansion-gia-nghia-quang-son.toml"
GIAOBAN = (sys.executable, "-m", "giaoban.scenarios.cli.entry")
COLUMNS, WIDTH_PX = 108, 1000
COLOURS = 128
"""Of a palette: these pictures are text and lines."""
BROWSERS = ("chromium", "google-chrome", "chromium-browser")


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for lang in ("en", "vi"):
            runs = Path(folder) / lang
            said = _called("check", SCENARIO, "--results", str(runs), "--lang", lang)
            [run] = runs.iterdir()
            _terminal(lang, said.replace(f"{runs}{os.sep}", "runs/"))
            _page(lang, run / "view.html", Path(folder))
            _called("list", "network", "--out", f"{folder}/map.png")
            _small(Path(folder) / "map.png", OUT / f"map-{lang}.png")
            if lang == "vi":
                _annex(run / "phu-luc.pdf", Path(folder))


def _called(*words: str) -> str:
    """What a command prints on a terminal with colours."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm"}
    return subprocess.run(
        [*GIAOBAN, *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    ).stdout


def _terminal(lang: str, said: str) -> None:
    """By rich; without its fonts, which a browser would load from elsewhere."""
    command = f"$ giaoban check {Path(SCENARIO).stem}" + (" --lang vi" if lang == "vi" else "")
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text(command, style="bold"))
        console.print(Text.from_ansi(said))
        drawn = console.export_svg(title="giaoban", theme=MONOKAI, unique_id="giaoban")
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.S)
    drawn = drawn.replace("Fira Code, monospace", "Menlo, Consolas, 'DejaVu Sans Mono', monospace")
    (OUT / f"terminal-{lang}.svg").write_text(drawn, encoding="utf-8")


def _page(lang: str, page: Path, folder: Path) -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)))
    shot = folder / "page.png"
    subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--window-size=1100,1250", f"--screenshot={shot}", f"file://{page}#{lang}"),
        ],
        stderr=subprocess.DEVNULL,
        check=True,
    )
    _small(shot, OUT / f"page-{lang}.png")


def _annex(annex: Path, folder: Path) -> None:
    """Its first page."""
    words = ("pdftoppm", "-png", "-r", "90", "-singlefile", str(annex), str(folder / "annex"))
    subprocess.run(words, check=True)
    _small(folder / "annex.png", OUT / "annex-vi.png")


def _small(picture: Path, out: Path) -> None:
    image = Image.open(picture).convert("RGB")
    if image.width > WIDTH_PX:
        image = image.resize((WIDTH_PX, round(image.height * WIDTH_PX / image.width)))
    image.quantize(COLOURS).save(out, optimize=True)


if __name__ == "__main__":
    main()
