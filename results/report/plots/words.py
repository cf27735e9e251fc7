"""What the pictures say, in words, numbers, names of streams and links."""

from __future__ import annotations

from collections.abc import Mapping

from giaoban.names import ACCESS_PREFIX, access_link_id, link_tag
from giaoban.translation import N_, Language, pgettext, translator

#: Longest line of a label at the right edge, in characters.
LABEL_WIDTH = 30
#: Longest label of streams and links: two lines.
LONGEST_LABEL = 52

WORDS: Mapping[str, str] = {
    "before": pgettext("plot", "Before"),
    "during": pgettext("plot", "During"),
    "after": pgettext("plot", "After"),
    "check": N_("System check"),
    "course": N_("Meeting"),
    "time": pgettext("plot", "Time (s)"),
    "delay": pgettext("plot", "One-way delay by stream (ms)"),
    "loss": pgettext("plot", "Packets lost by stream (%)"),
    "jitter": pgettext("plot", "Jitter by stream (ms)"),
    "mos": pgettext("plot", "Speech quality by stream (MOS)"),
    "frozen": pgettext("plot", "Time the picture stood still, by stream (%)"),
    "links": pgettext("plot", "Load of links (% of rate)"),
    "mcu": pgettext("plot", "MCU capacity in use (%)"),
    "limit": pgettext("plot", "limit {limit}"),
    "capacity": pgettext("plot", "capacity of the device"),
    "used": pgettext("plot", "in use: {share}"),
    "others": pgettext("plot", "{n} other {things}"),
    "all": pgettext("plot", "{n} {things}"),
    "some": pgettext("plot", "{n} {n:other|others}, worst {drawn} drawn"),
    "stream": pgettext("plot", "streams"),
    "link": pgettext("plot", "link directions"),
    "no loss": pgettext("plot", "no packet lost"),
    "no frozen": pgettext("plot", "no picture stood still"),
    "up": pgettext("plot", "up"),
    "down": pgettext("plot", "down"),
    "to bridges": pgettext("plot", "towards the bridges"),
    "from bridges": pgettext("plot", "from the bridges"),
    "stream up": pgettext("plot stream", "up"),
    "stream down": pgettext("plot stream", "down"),
    "audio": pgettext("plot", "sound"),
    "video": pgettext("plot", "picture"),
    "content": pgettext("plot", "content"),
    "span": pgettext("plot", "{start}–{end} s"),
    "more spans": pgettext("plot", "and {n} more"),
}

PICTURES: Mapping[str, str] = {
    "delay": N_("One-way delay of each stream over the phases"),
    "loss": N_("Packets lost of each stream over the phases"),
    "mos": N_("Speech quality of each stream over the phases"),
    "frozen": N_("Time that each picture stood still over the phases"),
    "links": N_("Load of links over the phases"),
    "mcu": N_("MCU capacity in use against the device’s capacity"),
    "map": N_("The system, coloured by the highest load of each link"),
    "failures": N_("Single points of failure, and the highest load under failures"),
}
"""Pictures of a document by name, with their captions; jitter is in the tables alone."""


def label_text(
    key: str, lang: Language, /, words: Mapping[str, str] = WORDS, **values: object
) -> str:
    return translator(lang).gettext(words[key], **values)


def number(value: float, lang: Language, digits: int = 3) -> str:
    """A number for people: at most `digits` significant digits, decimal comma in Vietnamese."""
    text = f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"
    return translator(lang).with_signs(text)


def stream_name(key: str, names: Mapping[str, str], lang: Language) -> str:
    """`"dak-song video up"` as `Đắk Song, lên, hình`; a long bridge name is cut, never the rest."""
    bridge, kind, direction = key.split(" ")
    return _with_tail(
        names.get(bridge, bridge),
        f", {label_text(f'stream {direction}', lang)}, {label_text(kind, lang)}",
    )


def link_name(key: str, names: Mapping[str, str], lang: Language) -> str:
    """`"a--b r-a->r-b"` as `A → B` with names for people.

    An access link has a place of one name at both ends, so it is told by host and way: `X, xuống`.
    """
    link, _, direction = key.rpartition(" ")
    source, _, target = direction.partition("->")
    if link.startswith(ACCESS_PREFIX):
        up = link == access_link_id(source)
        host = source if up else target
        if host == "mcu":  # whose up is what bridges call down
            return f"MCU, {label_text('to bridges' if up else 'from bridges', lang)}"
        way = f", {label_text('up' if up else 'down', lang)}"
        return _with_tail(names.get(host, host), way)
    tag = link_tag(link, names)
    return _with_tail(f"{names.get(source, source)} → {names.get(target, target)}", tag)


def cut(text: str, width: int = LABEL_WIDTH) -> str:
    """A text that would leave its place, cut; the tables hold the full names."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _with_tail(name: str, tail: str) -> str:
    return cut(name, LONGEST_LABEL - len(tail)) + tail
