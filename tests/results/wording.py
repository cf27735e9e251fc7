"""What no text for people may have in it, whatever the result that it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable

IDENTIFIERS = """
    pass fail invalid refused estimate estimated sandbox native virtual whatif headroom sweep check
    faults load before during after down audio video content units ports access chair branch bridge
    bridges router routers link links mended mending cut silent site group unknown other criterion
    presence switched open auto none random loopback target province timeout capacity media
    authentication unsupported protocol
    """
FUNCTION_WORDS = "the of and is are was were not with from that which by for or its this these more"
ENGLISH = frozenset(f"{IDENTIFIERS} {FUNCTION_WORDS}".split())
"""Words of enumerations and of sentences, that are no Vietnamese without marks. (`in`,
`to`, `on`, `no`, `an`, `up`, `a`, `at` may be, or are in names of standards.)"""
VIETNAMESE = re.compile(
    r"\b(không|của|được|những|điểm cầu|đường truyền|chiều (?:lên|xuống)|sự cố)\b"
)
_WRONG = {
    "empty brackets": re.compile(r"\(\s*\)|\[\s*\]|“\s*”|‘\s*’"),
    "a place that nothing was put in": re.compile(r"\{\w*\}"),
    "a value of the program": re.compile(r"\b(None(?! among)|True|False|nan|inf|null)\b"),
    "a mark twice, or after a space": re.compile(
        r"(?<!\.)\.\.(?!\.)|;;|::|,,| [,;.](?!\d)|: ?[.;]"
    ),
    "something missing at the end": re.compile(
        r"(?:(?<!margin )–|[(,]|\band\b|\bvà\b|\btại\b)\s*$"
    ),
    "one of a plural": re.compile(
        r"(?<![\d.,/])(?:all|the) 1 (?!of )"
        r"|(?<![\d.,/:])1 (?:(?:more|new|other|single|of them) )*(?:are|bridges|failures|criteria"
        r"|seeds|calls|points|assumptions|figures|ways|runs|attempts|ports|things)\b"
        r"|\b1 of \d[\w ]* (?:are|do)\b"
    ),
    "something missing at the start": re.compile(r"^\s*[,;:)]"),
}  # fmt: skip
DASH = "–"
"""Alone it stands for a value that there is not."""


def wrong_with(text: str, lang: str) -> list[str]:
    """What is wrong with a text, each with the place; nothing if all is well.

    Names of files, identifiers and sums are to be left out by who asks.
    """
    if text.strip() in ("", DASH):
        return []
    found = [f"{what}: {text!r}" for what, pattern in _WRONG.items() if pattern.search(text)]
    if lang == "vi":
        words = set(re.findall(r"(?<![\w-])[a-z]+(?![\w-])", text)) & ENGLISH
        found += [f"English {', '.join(sorted(words))}: {text!r}"] if words else []
    elif match := VIETNAMESE.search(text):
        found.append(f"Vietnamese {match[0]}: {text!r}")
    return found


def all_wrong(texts: Iterable[str], lang: str) -> list[str]:
    """What is wrong with any of them."""
    return [each for text in texts for each in wrong_with(text.replace("\u00a0", " "), lang)]


# ------------------------------------------------------------------------------- on a terminal

_WORD = re.compile(r"(?<![\w-])[a-z]{3,}(?![\w-])")
_FIELD = re.compile(r"\{[^}]*\}")
_CODE = re.compile(r"`[^`]*`|\"[^\"]*\"|--\w\S*|\S*(?:->|/|\w(?:--?|:|=|_|\.)\w)\S*")
"""Identifiers, options, paths, addresses, and what is quoted."""
_MARKUP = {
    "Markdown": re.compile(r"\*\*|`|^#+ |\|-{3}|\[[^\]]+\]\("),
    "Python": re.compile(r"[{\[(]'|': |\b(?:None|True|False)\b|\w+\(\w+="),
    "a path of this machine": re.compile(r"(?<![\w.:/-])/(?:tmp|work|root|home|usr|var)/"),
}
