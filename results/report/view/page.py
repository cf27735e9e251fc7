"""The page of a run: the blocks of its summary in both languages, its pictures, sortable tables.

It is one file. Its content security policy admits only its own script and style, by their hashes,
and lets it load nothing: no name in the data can reach the network.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from html import escape
from pathlib import Path

from giaoban.results.model.result import Result
from giaoban.results.model.streams import StreamResult
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.meetings import Entry
from giaoban.results.report.document import (
    Block,
    Cell,
    Heading,
    Par,
    Table,
    capital,
    in_language,
    table,
)
from giaoban.results.report.html import element, html
from giaoban.results.report.meetings.minutes import minutes_table
from giaoban.results.report.plots.words import PICTURES
from giaoban.results.report.summaries import check_summary, failures_summary
from giaoban.results.report.wording import Wording
from giaoban.sentence import Sentence
from giaoban.translation import N_, Language, languages, pgettext, translator

PARTS = Path(__file__).with_name("page")
FILE = "view.html"
"""The page's name in a run's folder."""
MOST_STREAMS = 2000
"""Rows of the table of streams: the worst by loss, freezes and delay."""

_TITLES = {
    Result: pgettext("page", "Check of an expansion of bridges"),
    FaultsAnswer: pgettext("page", "What failures of the network do"),
}
_STREAMS = (
    pgettext("page", "Bridge"),
    pgettext("page", "Phase"),
    pgettext("page", "Stream"),
    pgettext("page", "Packets sent"),
    pgettext("page", "Lost (%)"),
    pgettext("page", "Missed by listener (%)"),
    pgettext("page", "Delay p50 (ms)"),
    pgettext("page", "Delay p95 (ms)"),
    pgettext("page", "Delay variation (ms)"),
    pgettext("page", "End to end (ms)"),
    pgettext("page", "MOS"),
    pgettext("page", "Freezes"),
    pgettext("page", "Frozen (%)"),
)
_LINKS = (
    pgettext("page", "Direction of a link"),
    pgettext("page", "Phase"),
    N_("Rate (Mb/s)"),
    N_("Highest load (%)"),
    N_("Dropped"),
)


def page(
    answer: Result | FaultsAnswer,
    lang: Language,
    *,
    pictures: Mapping[str, Path] | None = None,
    minutes: Sequence[Entry] = (),
) -> str:
    """Return the page, which begins in `lang` and has the other languages ready.

    Args:
        pictures: SVG files by their names in `PICTURES`.
        minutes: the log of the emulation.
    """
    script, style = _read("page.js"), _read("style.css")
    parts = {
        "LANG": lang,
        "SCRIPT_SHA": _sha256(script),
        "STYLE_SHA": _sha256(style),
        "TITLE": escape(f"{translator(lang).text(_TITLES[type(answer)])} – {answer.run_id}"),
        "STYLE": style,
        "RUN": escape(answer.run_id),
        "CONTENT": "\n".join(
            [
                *(
                    element("div", _content(answer, each, minutes), lang=each)
                    for each in languages()
                ),
                *(_picture(name, file) for name, file in (pictures or {}).items()),
            ]
        ),
        "SCRIPT": script,
    }
    template = _read("page.html").split("@")
    # text and places take turns, so that filled-in text is not searched again
    for place in range(1, len(template), 2):
        template[place] = parts[template[place]]
    return "".join(template)


def _content(answer: Result | FaultsAnswer, lang: Language, minutes: Sequence[Entry]) -> str:
    say = Wording(lang, answer)
    if isinstance(answer, Result):
        blocks = [*check_summary.summary(answer, say), *_details(answer, say)]
    else:
        blocks = list(failures_summary.summary(answer, say))
    if minutes:
        blocks += [Heading(say.gettext("Log of the simulation")), minutes_table(minutes, say)]
    return "\n".join(
        element(
            "section",
            html(part),
            class_="card" if number else f"card verdict {answer.verdict}",
        )
        for number, part in enumerate(
            _sections(in_language(blocks, say.say), say.text(pgettext("page", "Criteria")))
        )
    )


def _picture(name: str, file: Path) -> str:
    """Return a figure once for all languages, with a caption in each."""
    captions = {lang: translator(lang).text(PICTURES[name]) for lang in languages()}
    data = base64.b64encode(file.read_bytes()).decode("ascii")
    image = element(
        "img", "", src=f"data:image/svg+xml;base64,{data}", alt=" – ".join(captions.values())
    )
    spans = "".join(element("span", escape(text), lang=lang) for lang, text in captions.items())
    shown = element("div", image.removesuffix("</img>"), class_="scroll")
    return element("figure", element("figcaption", spans) + shown, class_="card")


def _sections(blocks: Iterable[Block], title: str) -> Iterator[list[Block]]:
    """Yield the blocks from each heading to the next; tables are named by their heading.

    Args:
        title: the name of the tables below the document's title.
    """
    part: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading):
            title = capital(block.text) if block.level else title
            if part:
                yield part
            part = []
        elif isinstance(block, Table) and not block.caption:
            block = replace(block, caption=title)
        part.append(block)
    yield part


def _details(result: Result, say: Wording) -> Iterator[Block]:
    """Yield the tables of all streams and of all directions of links."""
    streams = [
        (bridge.id, phase.name, stream)
        for phase in result.phases
        for bridge in phase.bridges
        for stream in bridge.streams
    ]
    streams.sort(key=lambda row: _badness(row[2]), reverse=True)
    yield Heading(say.text(pgettext("page", "Bridges")))
    yield table(
        list(map(say.text, _STREAMS)),
        [_stream(say.bridge(b), say.phase(p), s, say) for b, p, s in streams[:MOST_STREAMS]],
        right=range(3, len(_STREAMS)),
        ident=f"streams-{say.language}",
    )
    if (more := len(streams) - MOST_STREAMS) > 0:
        yield Par(Sentence("… and {more:,} more, in result.json", more=more))
    yield Heading(say.text(pgettext("page", "Links")))
    yield table(
        list(map(say.text, _LINKS)),
        [
            (
                capital(say.link(link.id, link.direction)),
                say.phase(phase.name),
                say.number(link.rate_mbps),
                say.number(link.peak_pct, 1),
                say.number(link.dropped),
            )
            for phase in result.phases
            for link in phase.links
        ],
        right=range(2, len(_LINKS)),
        ident=f"links-{say.language}",
    )


def _badness(stream: StreamResult) -> tuple[float, ...]:
    return stream.listener_lost_pct or 0.0, stream.freeze_pct or 0.0, stream.delay_p95_ms or 0.0


def _stream(bridge: str, phase: str, stream: StreamResult, say: Wording) -> Sequence[str | Cell]:
    whole = stream.mouth_to_ear_ms or stream.camera_to_screen_ms
    return (
        bridge,
        phase,
        say.stream(f"{stream.kind} {stream.direction}"),
        say.number(stream.packets_sent),
        say.number(stream.lost_pct),
        say.number(stream.listener_lost_pct),
        say.number(stream.delay_p50_ms),
        say.number(stream.delay_p95_ms),
        say.number(stream.ipdv_ms),
        say.number(whole, 0),
        say.number(stream.mos_listening),
        say.number(stream.freezes),
        say.number(stream.freeze_pct),
    )


@cache
def _read(name: str) -> str:
    return (PARTS / name).read_text(encoding="utf-8")


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
