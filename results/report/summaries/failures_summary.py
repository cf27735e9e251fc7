"""The answer about all failures in words: what a terminal shows, and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from giaoban.results.judge.failure_points import MANY
from giaoban.results.model.quantities import Id
from giaoban.results.model.studies.failures import (
    BridgeImpact,
    Change,
    Comparison,
    FailureResult,
    FaultsAnswer,
    SinglePoint,
)
from giaoban.results.report.display_names import DisplayNames
from giaoban.results.report.document import (
    TONES,
    Block,
    Bullets,
    Code,
    Heading,
    Par,
    Table,
    Tone,
    pars,
    table,
    toned,
)
from giaoban.results.report.evidence_list import evidence
from giaoban.results.report.markdown import markdown
from giaoban.results.report.summaries.check_summary import ESTIMATED
from giaoban.results.report.unmodelled_words import unrated_sound
from giaoban.results.report.wording import VERDICTS, Wording, reasons
from giaoban.sentence import Both, Sentence, joined, number, shown
from giaoban.translation import N_, SOURCE, Language, pgettext

_TONES: dict[str, Tone] = {
    "fail": "bad",
    "invalid": "doubt",
    "accepted": "known",
    "not-judged": "quiet",
}
_SENSES: dict[str, Tone] = {"worse": "bad", "better": "good", "other": "quiet"}
FAILURE = Sentence(pgettext("table", "failure"))
INTERRUPTION = Sentence("interruption")
VERDICT_WORDS = {
    "pass": N_("PASS – no failure that was tried does more than the criteria allow"),
    "fail": N_("FAIL – a failure does more to the meeting than the criteria allow"),
    "invalid": N_("INVALID – an emulation cannot be trusted, so there is no answer"),
}


def headline(answer: FaultsAnswer) -> Sentence:
    """The answer in a line, with how much was tried: the one that the exit code tells.

    That is the criteria's, or with a baseline the comparison's; a run that cannot be trusted is
    neither. An estimate says so.
    """
    said = _headline(answer)
    return Sentence(ESTIMATED, verdict=said) if answer.is_estimate else said


def _headline(answer: FaultsAnswer) -> Sentence:
    tried = Sentence("{n} {n:failure|failures} tried", n=len(answer.failures))
    compared = answer.comparison
    if compared is not None and answer.verdict != "invalid":
        worse, accepted = len(compared.worse), compared.baseline
        said = Sentence(
            "PASS – nothing is worse than what was accepted as {accepted}", accepted=accepted
        )
        if worse:
            said = Sentence(
                "FAIL – {n} {n:thing is|things are} worse than what was accepted as {accepted}",
                n=worse,
                accepted=accepted,
            )
        return Sentence(
            "{verdict} ({tried}; by the criteria alone: {by_criteria})",
            verdict=said,
            tried=tried,
            by_criteria=VERDICTS[compared.by_criteria],
        )
    number = sum(f.accepted is not None for f in answer.failures)
    if answer.verdict == "pass" and number:
        tried = Sentence(
            "{tried}, {n} of them {n:a single point|single points} of failure that {n:was|were} "
            "accepted",
            tried=tried,
            n=number,
        )
    said = Sentence(VERDICT_WORDS[answer.verdict])
    return Sentence("{verdict} ({tried})", verdict=said, tried=tried)


def emulated_line(answer: FaultsAnswer) -> Sentence:
    """Return which failures were emulated where others were only estimated."""
    named = DisplayNames(answer)
    return Sentence(
        "Emulated: {failures}. {n} {n:other is|others are} far from every limit and estimated.",
        failures=joined(", ", [named.failure(f) for f in answer.failures if f.emulated]),
        n=len(answer.estimated),
    )


def state_of(failure: FailureResult) -> str:
    """The verdict on a failure; one that passes because it was accepted says so."""
    if failure.verdict == "pass" and failure.accepted is not None:
        return "accepted"
    return failure.verdict


def verdict_words(failure: FailureResult, answer: FaultsAnswer) -> Sentence:
    """Return the verdict on a failure as a table has it; of a pair also why it is not judged."""
    if not failure.fails_alone:
        return VERDICTS[state_of(failure)]
    named = DisplayNames(answer)
    which = joined(", ", [_failure(ident, answer, named) for ident in failure.fails_alone])
    return Sentence(
        "not judged: {failures} alone already {n:fails|fail}",
        failures=which,
        n=len(failure.fails_alone),
    )


def failures_table(
    answer: FaultsAnswer,
    link: str | None = None,
    bridge: str | None = None,
    *,
    with_worst_link: bool = True,
) -> Table:
    """One row a failure; only those that concern a link or a bridge if one is named."""
    rows, named = [], DisplayNames(answer)
    for f in answer.failures:
        if not _concerns(f, link, bridge):
            continue
        state, worst = state_of(f), f.worst_link
        row = (
            named.failure(f),
            verdict_words(f, answer),
            _interruption(f.interruption_ms, f.interruption_at, named),
            slow_case(f, answer.interruption_limit_ms),
            _interruption(f.restored_interruption_ms, f.restored_interruption_at, named),
            number(f.packets_lost, "d") if f.bridges else "–",
            "–" if worst is None else _percent(worst.peak_pct),
            _cut_off(f, len(answer.bridges), named),
            *(
                ["–" if worst is None else named.direction(worst.id, worst.direction)]
                * with_worst_link
            ),
        )
        rows.append(toned(row, _TONES.get(state, "")))
    head = [
        *(FAILURE, Sentence(pgettext("table", "verdict")), INTERRUPTION),
        *(Sentence("slow case"), Sentence("by mending"), Sentence(pgettext("packets", "lost"))),
        *(Sentence(pgettext("table", "load")), Sentence("cut off")),
    ]
    head += [Sentence("most loaded backbone link")] * with_worst_link
    return table(head, rows, right=(2, 3, 4, 5, 6), keep=(0, 1, 5, 6))


def slow_case(failure: FailureResult, limit_ms: float) -> str:
    """Return the interruption in the slow case, and how many other seeds exceed the limit."""
    slow = failure.slow
    if slow is None:
        return "–"
    if not slow.over_limit:
        return _ms(slow.interruption_ms)
    return Sentence(
        "{ms} ms (over: {over} of {seeds})",
        ms=shown(slow.interruption_ms, limit_ms),
        over=slow.over_limit,
        seeds=slow.seeds,
    )


def bridges_table(answer: FaultsAnswer, bridge: str | None = None) -> Table:
    """What failures did to bridges: those that were touched, or all failures of one bridge."""
    head = (
        *(FAILURE, Sentence(pgettext("table", "bridge")), INTERRUPTION),
        *(Sentence("of the sound"), Sentence("by the mending"), Sentence("packets lost")),
        *(Sentence(pgettext("table", "state")), Sentence(pgettext("table", "path"))),
    )
    named = DisplayNames(answer)
    rows = [
        (
            named.failure(f),
            named.of(impact.bridge),
            _ms(impact.interruption_ms),
            _ms(impact.sound_interruption_ms),
            _ms(impact.restored_interruption_ms),
            number(impact.packets_lost, "d"),
            _state(impact),
            _path(impact, named),
        )
        for f in answer.failures
        for impact in f.bridges
        if (bridge is None and touched(impact)) or impact.bridge == bridge
    ]
    return table(head, rows, right=(2, 3, 4, 5), keep=(0, 1, 4, 5))


def links_table(answer: FaultsAnswer, link: str | None = None) -> Table:
    """The worst load of each direction of each link, or of one link's."""
    named = DisplayNames(answer)
    rows = [
        (
            named.direction(w.id, w.direction),
            _percent(w.peak_pct),
            _failure(w.failure, answer, named),
        )
        for w in answer.links
        if link in (None, w.id)
    ]
    head = (
        *(Sentence("direction of a link"), Sentence("worst load")),
        Sentence(pgettext("failure", "by")),
    )
    return table(head, rows, right=(1,), keep=(0, 1))


def _failure(ident: str, answer: FaultsAnswer, named: DisplayNames) -> Sentence:
    """A failure that was tried, now or when it was accepted, by its id."""
    known = [*answer.failures, *(answer.comparison.not_tried if answer.comparison else ())]
    found = next((f for f in known if f.id == ident), None)
    return Sentence(ident) if found is None else named.by_failure(found)


def touched(impact: BridgeImpact) -> bool:
    return bool(
        impact.cut_off
        or impact.interruption_ms
        or impact.restored_interruption_ms
        or impact.packets_lost
        or impact.redials
        or impact.path_before != impact.path_after
    )


def point_line(point: SinglePoint, answer: FaultsAnswer) -> Sentence:
    """`link Gia Nghĩa – Đắk Glong: without it Đắk Glong is cut off; not accepted`, or why it was
    accepted: in the scenario, or in a baseline that knows no better."""
    count, named = len(answer.bridges), DisplayNames(answer)
    own = own_cut_off(point, answer)
    who = with_its_own(_who_bridges(point.cut_off, count, named), _who_bridges(own, count, named))
    open_ = [failure for failure in point.failures if failure not in point.accepted]
    state: list[str] = [
        Sentence("accepted: {reason}", reason=Both(each.reason, each.reason_vi))
        for each in point.reasons
    ]
    compared = answer.comparison
    if open_ and compared is not None and set(open_) <= set(compared.known):
        state.append(
            Sentence(
                "accepted as {baseline}: {reason}",
                baseline=compared.baseline,
                reason=compared.reason,
            )
        )
        open_ = []
    if open_ and point.accepted:
        failures = joined(", ", [_failure(ident, answer, named) for ident in open_])
        state.append(Sentence("not accepted: {failures}", failures=failures))
    if not state:
        state.append(Sentence("not accepted"))
    return Sentence(
        "{thing}: without it {who} {n:is|are} cut off; {state}",
        thing=Both(point.name_en, point.name_vi),
        who=who,
        n=len(point.cut_off),
        state=joined("; ", state),
    )


def own_cut_off(point: SinglePoint, answer: FaultsAnswer) -> list[Id]:
    """Bridges cut off with a single point that it serves alone: `cut_off` does not count them."""
    by = [failure for failure in answer.failures if failure.id in point.failures]
    return sorted({each for failure in by for each in failure.own_cut_off})


def with_its_own(who: str, own: str) -> str:
    """Who is cut off, and whom the thing that fails serves alone: a table counts both."""
    if not own:
        return who
    return Sentence("{who} (and {own}, which it serves alone)", who=who, own=own)


def unneeded_lines(answer: FaultsAnswer) -> list[str]:
    """Acceptances that accepted nothing, each in a line."""
    why = {
        "no-single-point": N_("accepted, but no single point of failure: {failure}"),
        "not-tried": N_("accepted, but not tried: {failure}"),
    }
    named = DisplayNames(answer)
    return [
        Sentence(why[each.why], failure=_failure(each.failure, answer, named))
        for each in answer.unneeded
    ]


def busiest(answer: FaultsAnswer) -> str | None:
    """The link that any failure loads most, and which failure that is."""
    worst = answer.most_loaded
    if worst is None:
        return None
    return Sentence(
        "{link}: {pct} % by {failure} (limit {limit:g} %)",
        link=DisplayNames(answer).direction(worst.id, worst.direction),
        pct=shown(worst.peak_pct, answer.link_limit_pct),
        failure=_failure(worst.failure, answer, DisplayNames(answer)),
        limit=answer.link_limit_pct,
    )


def slowest(answer: FaultsAnswer) -> str | None:
    """Return the longest interruption at a bridge that is judged, in words; None without any."""
    found = answer.interrupts_longest
    if found is None or (worst := found.slowest) is None:
        return None
    named = DisplayNames(answer)
    failure = named.by_failure(found)
    by = Sentence("the mending of {failure}", failure=failure) if worst.mended else failure
    return Sentence(
        "{ms} ms at {bridge} by {by} (limit {limit:g} ms{slow})",
        ms=shown(worst.ms, answer.interruption_limit_ms),
        bridge=named.of(worst.at or ""),
        by=by,
        limit=answer.interruption_limit_ms,
        slow=in_slow_case(found, answer.interruption_limit_ms),
    )


def in_slow_case(failure: FailureResult, limit_ms: float) -> str:
    """Return the end of a remark on the slow case of a failure; '' without one."""
    if failure.slow is None or failure.longest is None:
        return ""
    if not failure.slow.seeds:
        return Sentence(
            ", slow case; {ms} ms at this run's seed; it cannot be estimated at others",
            ms=shown(failure.longest.ms, limit_ms),
        )
    return Sentence(
        ", slow case; {ms} ms at this run's seed, over the limit at {over} of {seeds} "
        "other {seeds:seed|seeds}",
        ms=shown(failure.longest.ms, limit_ms),
        over=failure.slow.over_limit,
        seeds=failure.slow.seeds,
    )


def brief(
    answer: FaultsAnswer,
    link: str | None = None,
    bridge: str | None = None,
    language: Language = SOURCE,
) -> Iterator[Block]:
    """Yield the terminal's text: verdict, what got worse, single points of failure, a table."""
    yield Par(headline(answer), bold=True, tone=TONES[answer.verdict])
    if (compared := answer.comparison) is not None:
        yield _compared(compared)
        for change in compared.changes:
            line = Sentence("  {change}", change=_changed(change, answer))
            yield Par(line, tone=_SENSES[change.sense])
    if compared is None or answer.verdict == "invalid":  # else they are the changes
        yield from pars(why_not(answer, Wording(language, answer)))
    for point in answer.single_points:
        line = point_line(point, answer)
        yield Par(Sentence("single point of failure: {point}", point=line))
    yield from pars(unneeded_lines(answer))
    if longest := slowest(answer):
        yield Par(Sentence("longest interruption: {longest}", longest=longest))
    if load := busiest(answer):
        yield Par(Sentence("most loaded link: {load}", load=load))
    if answer.estimated:
        yield Par(emulated_line(answer))
    yield from pars(unrated_sound(answer.not_judged), "quiet")
    yield failures_table(answer, link, bridge, with_worst_link=False)
    if bridge is not None:
        yield bridges_table(answer, bridge)
    if link is not None:
        yield links_table(answer, link)


def _compared(comparison: Comparison) -> Par:
    if not comparison.changes:
        said = Sentence("nothing is worse than what was accepted, nothing is better")
        return Par(said, tone="good")
    if not comparison.worse:
        return Par(Sentence("nothing is worse than what was accepted"), tone="good")
    told = Sentence("worse than what was accepted: {n}", n=len(comparison.worse))
    return Par(told, bold=True, tone="bad")


def change_in_words(change: Change, answer: FaultsAnswer) -> Sentence:
    """What is not as it was accepted, and why a failure that fails now does."""
    what = DisplayNames(answer).change(change)
    if change.code not in ("fails", "fails-not-judged", "new-fails"):
        return what
    failure = next(f for f in answer.failures if f.id == change.failure)
    return Sentence("{what}: {why}", what=what, why=why_failed(failure, answer))


def change_line(change: Change, answer: FaultsAnswer) -> Sentence:
    """The same, and of which failure."""
    what = change_in_words(change, answer)
    if change.failure is None:
        return what
    failure = _failure(change.failure, answer, DisplayNames(answer))
    return Sentence("{failure}: {why}", failure=failure, why=what)


def _changed(change: Change, answer: FaultsAnswer) -> Sentence:
    line = change_line(change, answer)
    if change.sense == "other":
        return line
    known = N_("worse: {change}") if change.sense == "worse" else N_("better: {change}")
    return Sentence(known, change=line)


def why_not(answer: FaultsAnswer, say: Wording) -> list[str]:
    """Why it does not pass, by its figures or by what is worse than a baseline, or why it is no
    answer."""
    if answer.verdict == "invalid":
        return reasons(answer, say)
    if answer.comparison is not None:
        return [change_line(change, answer) for change in answer.comparison.worse]
    return [
        Sentence(
            "{failure}: {why}",
            failure=DisplayNames(answer).failure(failure),
            why=why_failed(failure, answer),
        )
        for failure in answer.failures
        if failure.verdict == "fail"
    ]


def why_failed(failure: FailureResult, answer: FaultsAnswer) -> Sentence:
    """Why a failure does not meet the criteria, by its figures."""
    found: list[Sentence] = []
    named = DisplayNames(answer)
    longest, load = failure.slowest, failure.worst_link
    away = set(failure.others_cut_off)
    if longest is not None and longest.ms > answer.interruption_limit_ms and longest.at not in away:
        found.append(
            Sentence(
                "interruption of {ms} ms at {bridge} (limit {limit:g} ms{slow})",
                ms=shown(longest.ms, answer.interruption_limit_ms),
                bridge=named.of(longest.at or ""),
                limit=answer.interruption_limit_ms,
                slow=in_slow_case(failure, answer.interruption_limit_ms),
            )
        )
    if load is not None and load.peak_pct > answer.link_limit_pct:
        found.append(
            Sentence(
                "{link} at {pct} % (limit {limit:g} %)",
                link=named.direction(load.id, load.direction),
                pct=shown(load.peak_pct, answer.link_limit_pct),
                limit=answer.link_limit_pct,
            )
        )
    if failure.lost_needlessly:
        kept = named.all_of(failure.lost_needlessly)
        found.append(Sentence("{bridges} cut off although there was another path", bridges=kept))
    elif failure.others_cut_off and failure.kind != "pair":
        others, own = (
            _who_bridges(bridges, len(answer.bridges), named)
            for bridges in (failure.others_cut_off, failure.own_cut_off)
        )
        who = with_its_own(others, own)
        found.append(Sentence("single point of failure, not accepted: {who} cut off", who=who))
    if not found:
        other = Sentence("does not meet a criterion, told in the result's file")
        found += [Both(reason, other.vi) for reason in failure.reasons or [str(other)]]
    return joined("; ", found)


def summary_md(answer: FaultsAnswer, language: Language = SOURCE) -> str:
    say = Wording(language, answer)
    return markdown(summary(answer, say), say.say)


def summary(answer: FaultsAnswer, say: Wording) -> Iterator[Block]:
    yield Heading(headline(answer), 0)
    yield Par(say.either(answer.question.text_en, answer.question.text_vi))
    if answer.reasons:
        yield Par(Sentence("Why:"))
        yield Bullets(why_not(answer, say))
    if answer.comparison is not None:
        others = [_changed(c, answer) for c in answer.comparison.changes if c.sense != "worse"]
        if others:  # what is worse are the reasons
            yield Par(Sentence("Other changes since then:"))
            yield Bullets(others)
    yield from pars(unrated_sound(answer.not_judged))
    yield Heading(Sentence("Single points of failure"))
    points = [point_line(point, answer) for point in answer.single_points]
    if not points:
        yield Par(Sentence("None of what was tried."))
    yield Bullets([*points, *unneeded_lines(answer)])
    if answer.untried:
        yield Par(
            Sentence(
                "Not tried: {n} of the single failures that the network can have.",
                n=len(answer.untried),
            )
        )
    yield Heading(Sentence("Failures"))
    yield Par(
        Sentence(
            "Everybody is in the meeting. Each failure, alone, begins {start:g} s after the start; "
            "a link is mended at {end:g} s, anything else stays down. An interruption lasts until "
            "sound and picture are back; it is the longest at a bridge that is judged, by the "
            "failing and by the mending. In the slow case it is the longest of this run's and of "
            "other seeds, by estimate, and is judged. Bridges of which the failure takes the power "
            "or the only line are not judged, nor are accepted ones. Bridges that were cut off had "
            "no other path, unless it says that they had one.",
            start=answer.timing.at_s,
            end=answer.timing.to_s,
        )
    )
    if answer.estimated:
        yield Par(emulated_line(answer))
    yield failures_table(answer)
    yield Heading(Sentence("Bridges"))
    yield Par(Sentence("Every bridge that a failure touched, with its path to the MCU."))
    yield bridges_table(answer)
    yield Heading(Sentence("Links"))
    yield Par(Sentence("The worst second of each direction, and the failure that causes it."))
    yield links_table(answer)
    yield Heading(Sentence("Evidence"))
    own = Sentence(
        "each failure's own {file} is in {folder}",
        file=Code("result.json"),
        folder=Code("failures/"),
    )
    yield evidence(answer.run_id, answer.inputs, engine=answer.engine, more=[own])


def _concerns(failure: FailureResult, link: str | None, bridge: str | None) -> bool:
    """Whether it is of a link's, or touches or moves a path onto it; or touches a bridge."""
    by_link = link is None or any(e.id == link for e in failure.elements)
    if not by_link:
        by_link = any(
            link in (i.path_before or []) + (i.path_after or []) and touched(i)
            for i in failure.bridges
        )
    by_bridge = bridge is None or any(i.bridge == bridge and touched(i) for i in failure.bridges)
    return by_link and by_bridge


def _percent(pct: float) -> Sentence:
    return Sentence("{pct} %", pct=shown(pct))


def _ms(ms: float) -> Sentence:
    return Sentence("{ms} ms", ms=shown(ms))


def _interruption(ms: float | None, at: str | None, named: DisplayNames) -> str:
    if ms is None:
        return "–"
    if not ms or at is None:
        return Sentence("none")
    return Sentence("{ms} ms at {bridge}", ms=shown(ms), bridge=named.of(at))


def _cut_off(failure: FailureResult, count: int, named: DisplayNames) -> str:
    """Who was cut off; many as a number, the table of bridges has them all."""
    behind = [b for b in failure.cut_off if b not in failure.lost_needlessly]
    parts: list[str] = []
    if failure.lost_needlessly:
        parts.append(Sentence("had a path: {who}", who=_who(failure.lost_needlessly, count, named)))
    if behind:
        parts.append(_who(behind, count, named))
    return joined("; ", parts) if parts else "–"


def _who(bridges: Sequence[str], count: int, named: DisplayNames) -> str:
    if len(bridges) <= MANY:
        return named.all_of(bridges)
    if len(bridges) == count:
        return Sentence("all {count}", count=count)
    return Sentence("{n} of {count}", n=len(bridges), count=count)


def _who_bridges(bridges: Sequence[str], count: int, named: DisplayNames) -> str:
    """The same within a sentence."""
    if len(bridges) <= MANY:
        return named.all_of(bridges)
    if len(bridges) == count:
        return Sentence("{count:the one bridge|all {count} bridges}", count=count)
    return Sentence("{n} of {count} {count:bridge|bridges}", n=len(bridges), count=count)


def _state(impact: BridgeImpact) -> str:
    if impact.cut_off:
        return Sentence("cut off, behind it") if impact.behind else Sentence("cut off")
    if impact.redials:
        return Sentence("dialled again ({n})", n=impact.redials)
    noticed = impact.interruption_ms or impact.restored_interruption_ms or impact.packets_lost
    return Sentence(pgettext("call", "kept")) if noticed else Sentence("untouched")


def _path(impact: BridgeImpact, named: DisplayNames) -> str:
    before, after = impact.path_before, impact.path_after
    if before is None and after is None:
        return "–"
    if before == after:
        return Sentence("as before: {links}", links=_links(before, named))
    return Sentence("{before} → {after}", before=_links(before, named), after=_links(after, named))


def _links(path: Sequence[str] | None, named: DisplayNames) -> str:
    """The backbone links of a path: access links are always in it."""
    if path is None:
        return Sentence("none")
    return named.path(path) or Sentence(pgettext("path", "direct"))
