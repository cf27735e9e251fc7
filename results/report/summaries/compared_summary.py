"""Two states of inputs side by side, in words: a terminal's tables and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from giaoban.results.model.studies.compared import (
    CONNECTED,
    BridgeChange,
    Compared,
    InputChange,
    InputFile,
    MarginChange,
    ScenarioCompared,
)
from giaoban.results.report.document import (
    TONES,
    Block,
    Cell,
    Heading,
    Par,
    Tone,
    pars,
    table,
)
from giaoban.results.report.markdown import markdown
from giaoban.results.report.wording import METHOD_NOUNS, VERDICTS, margin
from giaoban.sentence import Both, Sentence, decimals_of, joined, shown
from giaoban.translation import N_, SOURCE, Language, pgettext, translator, unit_words

HEAD = {
    "pass": N_("PASS – nothing is worse than before"),
    "fail": N_("FAIL – {n} {n:scenario is|scenarios are} worse than before"),
    "invalid": N_(
        "INVALID – {n} {n:scenario has|scenarios have} changed and could not be judged, so there "
        "is no answer"
    ),
}
STATES: Mapping[str, Sentence] = {
    "same": Sentence("the same"),
    "better": Sentence("better than before"),
    "worse": Sentence("worse than before"),
    "changed": Sentence("changed, nothing worse"),
    "new": Sentence("new, and met"),
    "gone": Sentence("is not there any more"),
    "not-judged": Sentence("not judged"),
}
TONES_OF: Mapping[str, Tone] = {
    "worse": "bad",
    "gone": "bad",
    "less": "bad",
    "better": "good",
    "not-judged": "doubt",
}
UNDECLARED = N_("worse although nothing of their own or on their way was changed: {bridges}")
FILES: Mapping[InputFile, Sentence] = {
    "scenario": Sentence("scenario"),
    "province": Sentence("province"),
    "devices": Sentence(pgettext("input", "devices")),
    "criteria": Sentence(pgettext("input", "criteria")),
}
MOST = 40
"""Rows of a table."""


def headline(answer: Compared) -> Sentence:
    """The answer that the exit code tells."""
    of = ("not-judged",) if answer.verdict == "invalid" else ("worse", "gone")
    worse = sum(each.state in of for each in answer.scenarios)
    return Sentence(HEAD[answer.verdict], n=worse)


def brief(answer: Compared) -> list[Block]:
    """What a terminal shows: the answer, and of each scenario what changed for whom."""
    blocks: list[Block] = [
        Par(headline(answer), bold=True, tone=TONES[answer.verdict]),
        Par(
            Sentence(
                "{old} → {new}; a margin may lose {points:g} {points:point|points}",
                old=answer.old,
                new=answer.new,
                points=answer.tolerance_points,
            ),
            tone="quiet",
        ),
        table(
            (
                Sentence("scenario"),
                Sentence("verdict"),
                Sentence("what came of it"),
                Sentence("judged by"),
            ),
            [_row(each) for each in answer.scenarios],
        ),
    ]
    for each in answer.scenarios:
        if each.state not in ("same", "gone"):
            blocks += _scenario(each)
    return blocks


def summary_md(answer: Compared, language: Language = SOURCE) -> str:
    blocks = [Heading(f"{answer.old} → {answer.new}", 0), *brief(answer)]
    return markdown(blocks, translator(language).say)


def _row(each: ScenarioCompared) -> list[Cell]:
    was = "–" if each.old is None else VERDICTS[each.old]
    now = "–" if each.new is None else VERDICTS[each.new]
    verdict = Sentence("{was} → {now}", was=was, now=now) if was != now else now
    by = Sentence("–") if each.new is None else METHOD_NOUNS[each.method]
    return [
        Cell(each.id),
        Cell(verdict),
        Cell(state_words(each), tone=TONES_OF.get(each.state, "")),
        Cell(by),
    ]


def state_words(each: ScenarioCompared) -> Sentence:
    """Return what came of a scenario; one that is new has no state before."""
    if each.state == "worse" and each.old is None:
        return Sentence("new, and not met")
    return STATES[each.state]


def lines(each: ScenarioCompared, tolerance_points: float) -> list[str]:
    """Return what changed of a scenario for CI: the worst figure, the cause, the worse bridges.

    Further figures follow.
    """
    if each.state in ("same", "not-judged", "gone"):
        return [STATES[each.state], *each.why_not_judged]
    figures: list[str] = [*_figures(each, tolerance_points)]
    if each.state == "worse" and not figures:
        figures = [state_words(each), *each.why_not_judged]
    names = each.worse_bridges
    cause = _cause(each.inputs)
    found = [*figures[:1], *([cause] if cause else [])]
    if names:
        known = N_("worse: {bridges}") if each.state == "worse" else N_("less to spare: {bridges}")
        found.append(Sentence(known, bridges=_first(names)))
    found += figures[1:]
    if each.state == "worse" and each.undeclared:
        undeclared = dict.fromkeys(bridge.name for bridge in each.undeclared)
        found.append(Sentence(UNDECLARED, bridges=", ".join(undeclared)))
    return found


def _figures(each: ScenarioCompared, tolerance_points: float) -> Iterator[Sentence]:
    """Yield criteria and bridges that decided the state, the smallest margin first."""
    if each.state == "better":
        again = [m for m in each.margins if m.new_ok and m.old_ok is False]
        yield from map(_improved, sorted(again, key=lambda m: m.old_margin_pct or 0.0))
    if each.state != "worse":
        return
    deciding = {m.criterion: m for m in each.margins if m.sense in ("worse", "less")}
    for m in sorted(deciding.values(), key=lambda m: m.new_margin_pct or 0.0):
        yield _figure(m, Both(m.where, m.where_vi) if m.where else "–")
    margins = {m.criterion: m for m in each.margins}
    for bridge in each.bridges:
        if bridge.points <= tolerance_points or bridge.what in deciding:
            continue
        if bridge.what == CONNECTED:
            yield Sentence("{bridge}: is not in the meeting any more", bridge=bridge.name)
        elif bridge.what in margins:
            of_bridge = {"old": bridge.old, "new": bridge.new}
            yield _figure(margins[bridge.what].model_copy(update=of_bridge), bridge.name)


def _figure(m: MarginChange, place: str) -> Sentence:
    return Sentence(
        "{criterion} – {place}: {value} (was {was}, limit {limit:g} {unit})",
        criterion=Both(m.name_en, m.name_vi),
        place=place,
        value=value(m.new, m.unit, m.limit),
        was=value(m.old, m.unit, m.limit),
        limit=m.limit,
        unit=unit_words(m.unit, m.limit),
    )


def _improved(m: MarginChange) -> Sentence:
    """Return a criterion that is met again; its place is where it was not."""
    return Sentence(
        "{criterion}: {value} (was {was} – {place}, limit {limit:g} {unit})",
        criterion=Both(m.name_en, m.name_vi),
        place=Both(m.old_where, m.old_where_vi) if m.old_where else "–",
        value=value(m.new, m.unit, m.limit),
        was=value(m.old, m.unit, m.limit),
        limit=m.limit,
        unit=unit_words(m.unit, m.limit),
    )


NAMED = 4
"""Keys or bridges in a line."""


def _cause(inputs: Sequence[InputChange]) -> Sentence:
    """Return the changed keys by file; an entry that came or went counts as one key."""
    whole = _entries(inputs)
    files: dict[str, dict[str, Sentence]] = {}
    changes = [change for change in inputs if not change.words]
    for change in sorted(changes, key=lambda c: c.at is None):  # elements of the network first
        found = files.setdefault(change.name or change.file, {})
        entry = change.key.rpartition(".")[0]
        if (change.file, entry) in whole:
            known = N_("{key} is gone") if change.new is None else N_("{key} is new")
            found[entry] = Sentence(known, key=entry)
        else:
            found[change.key] = Sentence(
                "{key} {was} → {now}",
                key=change.key,
                was=_short(change.old),
                now=_short(change.new),
            )
    return joined(
        "; ",
        [
            Sentence("changed in {file}: {keys}", file=file, keys=_first([*found.values()]))
            for file, found in files.items()
        ],
    )


def _entries(inputs: Sequence[InputChange]) -> set[tuple[InputFile, str]]:
    """Return the entries of lists that came or went as a whole: with the key that names them."""
    parts = ((c, *c.key.rpartition(".")) for c in inputs if None in (c.old, c.new))
    return {(c.file, entry) for c, entry, _, key in parts if entry.endswith(f"[{c.old or c.new}]")}


def _first(names: Sequence[str]) -> Sentence:
    """Return the first names in a row, and how many more there are."""
    more = len(names) - NAMED
    if more <= 0:
        return joined(", ", names)
    return Sentence("{names} and {more:,} more", names=joined(", ", names[:NAMED]), more=more)


def _scenario(each: ScenarioCompared) -> Iterator[Block]:
    yield Heading(each.id, 1)
    if each.state == "not-judged":
        yield from pars(each.why_not_judged, "doubt")
        if each.new is None:
            yield Par(Sentence("--confirm emulates it"), tone="quiet")
    shown = [change for change in each.inputs if not change.words] or each.inputs
    if shown:
        head = (Sentence("input"), Sentence("key"), Sentence("was"), Sentence("is"))
        yield table(head, [_input(change) for change in shown[:MOST]])
        yield from _more(len(shown))
    moved = [m for m in each.margins if m.sense != "same" or _moved(m)]
    if moved:
        head = (Sentence("criterion"), Sentence("was"), Sentence("is"), Sentence("margin"))
        yield table(
            (*head, Sentence("what came of it"), Sentence("worst at")),
            [_margin(m) for m in moved],
        )
    if each.bridges:
        margins = {m.criterion: m for m in each.margins}
        head = (
            Sentence(pgettext("table", "bridge")),
            Sentence("criterion"),
            Sentence("was"),
            Sentence("is"),
        )
        yield table(
            (*head, Sentence("declared")),
            [_bridge(bridge, margins.get(bridge.what)) for bridge in each.bridges[:MOST]],
        )
        yield from _more(len(each.bridges))
    if undeclared := list(dict.fromkeys(b.name for b in each.undeclared)):
        said = Sentence(UNDECLARED, bridges=", ".join(undeclared))
        yield Par(said, tone="bad", bold=True)


def _more(count: int) -> Iterator[Block]:
    if count > MOST:
        yield Par(Sentence("and {more:,} more", more=count - MOST), tone="quiet")


def _moved(each: MarginChange) -> bool:
    a, b = each.old_margin_pct, each.new_margin_pct
    return a is not None and b is not None and abs(a - b) >= 1.0


def _input(change: InputChange) -> Sequence[str]:
    old, new = (_short(value) for value in (change.old, change.new))
    return FILES[change.file], change.key, old, new


def _short(value: str | None) -> str:
    return "–" if value is None else value if len(value) <= 60 else value[:57] + "…"


SENSES: Mapping[str, Sentence] = {
    "same": Sentence("met still"),
    "better": Sentence("better than before"),
    "worse": Sentence("worse than before"),
    "less": Sentence("met, with much less to spare"),
}


def _margin(each: MarginChange) -> list[Cell]:
    was, now = margin(each.old_margin_pct), margin(each.new_margin_pct)
    still = each.sense == "same" and each.new_ok is False
    sense = Sentence("not met still") if still else SENSES[each.sense]
    return [
        Cell(Both(each.name_en, each.name_vi)),
        Cell(value(each.old, each.unit, each.limit)),
        Cell(value(each.new, each.unit, each.limit)),
        Cell(joined(" → ", [was, now])),
        Cell(sense, tone=TONES_OF.get(each.sense, "")),
        Cell(Both(each.where, each.where_vi)),
    ]


def value(amount: float | None, unit: str, limit: float | None = None) -> str:
    """Return a figure with its unit, as shown beside its limit; `–` for none."""
    if amount is None:
        return "–"
    words = unit_words(unit, round(amount, decimals_of(amount, limit)))
    return Sentence("{value} {unit}", value=shown(amount, limit), unit=words)


def _bridge(each: BridgeChange, of: MarginChange | None) -> list[Cell]:
    old: str
    new: str
    if each.what == CONNECTED:
        yes = {1.0: Sentence("yes"), 0.0: Sentence("no"), None: Sentence("–")}
        old, new = yes[each.old], yes[each.new]
        what: str = Sentence("in the meeting")
    else:
        limit = None if of is None else of.limit
        old, new = (value(amount, each.unit, limit) for amount in (each.old, each.new))
        what = each.what if of is None else Both(of.name_en, of.name_vi)
    tone: Tone = "bad" if each.points > 0 else "good"
    declared = Sentence("yes") if each.declared else Sentence("no")
    return [
        Cell(each.name),
        Cell(what),
        Cell(old),
        Cell(new, tone=tone),
        Cell(declared, tone="bad" if each.points > 0 and not each.declared else ""),
    ]
