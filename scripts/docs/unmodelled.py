"""`python -m scripts.docs.unmodelled`: what the model leaves out, from its list into the pages that
tell it (docs/how-far-to-trust-it.md and its Vietnamese)."""

from __future__ import annotations

import re

from giaoban.results.report.markdown import markdown
from giaoban.results.report.terminal import in_language
from giaoban.results.report.unmodelled_words import unmodelled_table
from giaoban.scenarios.measure.unmodelled import left_out
from giaoban.translation import translator
from scripts.docs.fences import ROOT

PAGES = {
    "en": ROOT / "docs/how-far-to-trust-it.md",
    "vi": ROOT / "docs/vi/how-far-to-trust-it.md",
}
TABLE = re.compile(r"(?<=<!-- scenarios/measure/unmodelled\.toml -->\n)\n(?:\|.*\n)*")


def with_table(page: str, lang: str) -> str:
    """A page with the table as the list has it."""
    table = in_language(unmodelled_table(left_out()), translator(lang).say)
    return TABLE.sub(lambda _: f"\n{markdown([table]).strip()}\n", page, count=1)


if __name__ == "__main__":
    for lang, path in PAGES.items():
        path.write_text(with_table(path.read_text(encoding="utf-8"), lang), encoding="utf-8")
