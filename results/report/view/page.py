"""The page: data and the files in `page/` put together into one HTML file that needs nothing else.

Its content security policy lets only its own script and style run, by their hashes, and lets it
load nothing: neither a name in the data nor anything else can reach the network from it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from functools import cache
from pathlib import Path

from giaoban.results.report.view.page_data import PageSubject, page_data
from giaoban.results.report.view.sections import content
from giaoban.results.report.view.words import SCRIPT, WORDS
from giaoban.translation import Language, translator

PARTS = Path(__file__).with_name("page")
FILE = "view.html"
"""The page's name in a run's folder."""


def page(of: PageSubject, lang: Language) -> str:
    """The whole page of one or two runs, or of failures; the same runs give the same text.

    It begins in one language and has the other's content ready.
    """
    data = page_data(of, lang)
    script, style = _script(), _read("style.css")
    run = data["run"] or data["failures"]
    title = translator(lang).text(WORDS["title" if data["run"] else "title failures"])
    filled = {
        "LANG": lang,
        "OTHER": "en" if lang == "vi" else "vi",
        "SCRIPT_SHA": _sha256(script),
        "STYLE_SHA": _sha256(style),
        "TITLE": html.escape(f"{title} – {run['run_id']}"),
        "STYLE": style,
        "CONTENT": content(of, lang),
        "CONTENT_OTHER": content(of, "en" if lang == "vi" else "vi"),
        "DATA": _block(data),
        "WORDS": _block({each: _words(each) for each in ("vi", "en")}),
        "SCRIPT": script,
    }
    parts = _read("page.html").split("@")
    # the template's text and its places take turns, so that nothing filled in is searched again
    for place in range(1, len(parts), 2):
        parts[place] = filled[parts[place]]
    return "".join(parts)


def _words(lang: Language) -> dict[str, str]:
    return {key: translator(lang).text(WORDS[key]) for key in SCRIPT}


@cache
def _script() -> str:
    """All modules in the order of their names, in one scope of their own."""
    modules = sorted(PARTS.glob("*.js"))
    return '"use strict";\n(() => {\n' + "\n".join(_read(m.name) for m in modules) + "})();\n"


@cache
def _read(name: str) -> str:
    return (PARTS / name).read_text(encoding="utf-8")


def _block(value: object) -> str:
    """JSON that cannot end the script element it stands in (HTML §4.12.1.3)."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
