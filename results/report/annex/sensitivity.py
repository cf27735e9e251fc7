"""How far the assumptions may be off: what the conclusion says of it, and a section with the rest.

Sentences are those of `giaoban.results.report.summaries.sensitivity_summary`, said in the annex's
language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from giaoban.results.model.result import Result
from giaoban.results.model.studies.sensitivity import FlipPoint, Sensitivity, TriedFigure
from giaoban.results.model.unmodelled import Unmodelled, once
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.document import (
    Block,
    Bullets,
    Cell,
    Head,
    Heading,
    Par,
    Picture,
    Table,
    bullets,
    capital,
    in_language,
    plain,
)
from giaoban.results.report.seed_words import passes_alone
from giaoban.results.report.summaries.sensitivity_summary import (
    CHOICES,
    SETTLING_ORDER,
    USUAL,
    amount,
    as_long_as,
    at_once,
    choices,
    conditions,
    doubtful,
    headline,
    name_of,
    share_of,
    tried,
)
from giaoban.results.report.unmodelled_words import left_out_of
from giaoban.results.report.wording import VERDICTS
from giaoban.sentence import Both, Figure, Sentence, joined, message

MOST_CONDITIONS, MOST_LEFT_OUT = 6, 5
"""In the conclusion; the others are in the section."""
MOST_NAMED = 3
"""Records with the same condition that the conclusion names; of more their number."""
TITLE = "Các giả định có thể lệch đến đâu"
CAPTION = (
    "Dư địa nhỏ nhất ở hai đầu phạm vi của từng số liệu giả định, số liệu cần xác minh trước "
    "ở trên cùng"
)


OF_ANOTHER = (
    "{run_id}: the assumptions of another question than was checked (allowed: giaoban sensitivity "
    "with scenario, province, device, criteria and seed of the check)"
)


class Analysis(NamedTuple):
    """An analysis of assumptions with its picture; whether the evidence of the check holds it."""

    answer: Sensitivity
    picture: Path | None = None
    proved: bool = True


def agrees(answer: Sensitivity, result: Result) -> bool:
    """Whether it is about what the check came to by itself: an estimate may judge otherwise."""
    if result.verdict == "invalid":
        return False
    return answer.as_assumed == ("pass" if passes_alone(result) else "fail")


def concluded(
    analysis: Analysis, result: Result, say: AnnexWording, *, told_at: int
) -> Iterator[Block]:
    """As long as what the conclusion holds, and in what share of worlds; `told_at`: the section."""
    answer = analysis.answer
    if not agrees(answer, result):
        yield Par(
            say.fill(
                "Chưa biết các giả định được phép sai lệch đến đâu: phân tích tại mục "
                "{section} dựa trên ước tính, mà ước tính cho kết quả khác ({verdict}).",
                section=told_at,
                verdict=say.say(VERDICTS[answer.as_assumed]),
            )
        )
        return
    yield Par(say.say(letter(answer, section=told_at)))
    if answer.drawn is not None:
        bold = doubtful(answer, answer.drawn)
        yield Par(say.say(in_drawn_worlds(answer)), bold=bold)


def letter(answer: Sensitivity, *, section: int | None = None) -> Sentence:
    """The first sentence of a letter: as long as what the conclusion holds. What is too much for
    one sentence is in section `section`; None: there is none, and all is said."""
    found = conditions(answer, most=MOST_NAMED)
    if not found and section is None:
        return headline(answer)
    if not found:
        return message(
            "Kết luận không thay đổi khi từng số liệu trong {n} số liệu giả định đã thử "
            "nhận giá trị bất kỳ trong phạm vi của nó, các số liệu khác đúng như giả "
            "định (mục {section}).",
            n=len(answer.figures),
            section=section,
        )
    more = len(found) - MOST_CONDITIONS
    if section is not None and more > 1:
        further = "{n} điều kiện nữa tại mục {section} được giữ"
        found = [*found[:MOST_CONDITIONS], message(further, n=more, section=section)]
    return message(
        "{opening} {conditions}.", opening=as_long_as(answer), conditions=joined("; ", found)
    )


def in_drawn_worlds(answer: Sensitivity) -> Sentence:
    """In what share of worlds with all figures changed at once the system passes."""
    drawn = answer.drawn
    assert drawn is not None
    said = (
        "Nếu mọi số liệu giả định cùng sai lệch, mỗi số liệu trong phạm vi của nó, hệ thống "
        "đạt ở {share} % trong {worlds:d} phương án rút ngẫu nhiên (độ tin cậy 95 %: từ "
        "{low} % đến {high} %)."
    )
    if answer.fails_in_worlds:
        said = (
            "Nếu mọi số liệu giả định cùng sai lệch, mỗi số liệu trong phạm vi của nó, hệ "
            "thống chỉ đạt ở {share} % trong {worlds:d} phương án rút ngẫu nhiên (độ tin cậy "
            "95 %: từ {low} % đến {high} %), trong khi yêu cầu là {required} %: do đó có kết "
            "luận như trên."
        )
    elif doubtful(answer, drawn):
        said = (
            "Kết luận này chưa chắc chắn: nếu mọi số liệu giả định cùng sai lệch, mỗi số "
            "liệu trong phạm vi của nó, hệ thống chỉ đạt ở {share} % trong {worlds:d} phương "
            "án rút ngẫu nhiên (độ tin cậy 95 %: từ {low} % đến {high} %)."
        )
    return message(
        said,
        share=share_of(drawn, answer.required_pct),
        worlds=drawn.judged,
        low=Figure(round(drawn.low_pct, 1)),
        high=Figure(round(drawn.high_pct, 1)),
        required=Figure(answer.required_pct or 0.0),
    )


def left_out_in_short(found: Sequence[Unmodelled], section: int) -> Sentence:
    """The second sentence of a letter, of which section `section` has the whole."""
    named = [Both(each.what, each.what_vi) for each in found[:MOST_LEFT_OUT]]
    return message(
        "Không nằm trong các giả định và chưa được mô hình xét đến: {named}{more} (mục "
        "{section}). Trong {all} điểm này, {kind} điểm có thể làm kết luận dễ dãi hơn "
        "thực tế.",
        named=joined("; ", named),
        more=message(" và {n} điểm khác", n=len(found) - len(named))
        if len(found) > len(named)
        else Sentence(""),
        section=section,
        kind=sum(each.errs == "too-kind" for each in found),
        all=len(found),
    )


def left_out(answers: Sequence[Result], say: AnnexWording) -> Iterator[Block]:
    """All that the model leaves out, of all answers, each once."""
    if found := once(each for answer in answers for each in answer.unmodelled):
        yield Par(say.say(left_out_of(found)))


def section(analyses: Sequence[tuple[Analysis, Result]], say: AnnexWording) -> Iterator[Block]:
    yield Heading(TITLE)
    for analysis, result in analyses:
        yield from analysed(analysis, AnnexWording(result), several=len(analyses) > 1)


def analysed(analysis: Analysis, say: AnnexWording, *, several: bool = False) -> Iterator[Block]:
    """What was tried of one check: how, what decides, its picture, drawn worlds, what was not."""
    answer = analysis.answer
    yield Par(
        say.fill(
            "Bằng ước tính, {n} số liệu giả định đã lần lượt được đặt giá trị khác trong "
            "phạm vi có thể, mỗi lần một số liệu, các số liệu còn lại giữ nguyên: "
            "{deciding} số liệu có thể làm đổi kết luận.",
            n=len(answer.figures),
            deciding=len(answer.deciding),
        )
        + (f" {say.gettext(SETTLING_ORDER)}" if answer.deciding else "")
    )
    named = f" ({answer.run_id})" if several else ""
    if answer.deciding:
        yield deciding(answer, say, caption=named)
        of = [f"[{n}] {source}" for n, source in enumerate(_range_sources(answer, say), start=1)]
        yield Par(say.fill("Căn cứ của phạm vi: {sources}.", sources="; ".join(of)), note=True)
        if any(figure.range_from == "kind" for figure in answer.deciding):
            yield Par(capital(say.say(USUAL)), note=True)
    if answer.of_choices:
        yield of_choices(answer, say, caption=named)
    if analysis.picture is not None:
        yield Picture(analysis.picture, CAPTION + named)
    if answer.drawn is not None:
        yield from drawn(answer, say)
    if answer.untried:
        yield Par(say.fill("{n} giả định không được thử:", n=len(answer.untried)))
        yield bullets(_untried(answer, say))
    yield Par(
        say.fill(
            "Phân tích {run}: đã ước tính {n} phương án, không chạy mô phỏng mạng. Mỗi "
            "điểm đổi kết luận được nêu bằng hai giá trị kề nhau, cả hai đều đã được "
            "đánh giá.",
            run=answer.run_id,
            n=answer.estimates,
        ),
        note=True,
    )


def drawn(answer: Sensitivity, say: AnnexWording) -> Iterator[Block]:
    """Render the share of drawn worlds that pass, and what fails the others."""
    assert answer.drawn is not None
    yield Par(say.say(in_drawn_worlds(answer)))
    for block in at_once(answer.drawn, answer):
        said = in_language(block, say.say)
        if isinstance(said, Bullets):
            yield Par("Ở các phương án không đạt, điều giới hạn là:")
            yield bullets(map(plain, said.items))


def deciding(answer: Sensitivity, say: AnnexWording, caption: str = "") -> Table:
    """What can change the verdict: as assumed, its range and where that comes from, the flip, and
    what would settle it."""
    heads = (
        "Số liệu giả định",
        "Giá trị giả định",
        "Phạm vi có thể [căn cứ]",
        "Kết luận đổi tại",
        "Cách xác minh",
    )
    return Table(
        caption="Số liệu giả định có thể làm đổi kết luận, số liệu cần xác minh trước xếp trước"
        + caption,
        head=[[Head(head) for head in heads]],
        rows=[_row(alike, flip, answer, say) for alike in answer.alike for flip in alike[0].flips],
        widths=[37, 17, 27, 52, 30],
        aligns=["left"] * len(heads),
        small=True,
        ident="deciding-table",
    )


def of_choices(answer: Sensitivity, say: AnnexWording, caption: str = "") -> Table:
    """What each choice of figures that are no numbers comes to."""
    said = in_language(choices(answer), say.say)
    assert isinstance(said, Table)
    return replace(
        said,
        caption=say.text(CHOICES) + caption,
        head=[[Head(capital(head.text)) for head in row] for row in said.head],
        rows=[
            [
                replace(cell, text=capital(cell.text)) if not n else cell
                for n, cell in enumerate(row)
            ]
            for row in said.rows
        ],
        widths=[44, 46, 20, 37, 16],
        small=True,
        whole=True,
        ident="choices-table",
    )


def _row(
    alike: Sequence[TriedFigure], flip: FlipPoint, answer: Sensitivity, say: AnnexWording
) -> list[Cell]:
    figure = alike[0]
    source = 1 + _range_sources(answer, say).index(_range_source(figure, say))
    told = message(
        "tại {holds} vẫn như kết luận; sau đó {verdict}{by}",
        holds=amount(figure, flip.holds),
        verdict=VERDICTS[flip.verdict],
        by=_by(flip, answer, say),
    )
    return [
        Cell(capital(say.say(name_of(*alike)))),
        Cell(say.say(amount(figure, figure.value))),
        Cell(f"{say.say(tried(figure))} [{source}]"),
        Cell(say.say(amount(figure, flip.flips)), sub=say.say(told)),
        Cell(say.either(figure.settled_by, figure.settled_by_vi)),
    ]


def _range_sources(answer: Sensitivity, say: AnnexWording) -> list[str]:
    """Each once, in the order in which the table first has it."""
    shown = (alike[0] for alike in answer.alike if alike[0].flips)
    return list(dict.fromkeys(_range_source(figure, say) for figure in shown))


def _range_source(figure: TriedFigure, say: AnnexWording) -> str:
    return say.either(figure.range_source, figure.range_source_vi).rstrip(".;")


def _by(flip: FlipPoint, answer: Sensitivity, say: AnnexWording) -> str:
    """What limits the answer then; nothing more is to be said where it passes."""
    names = {each.id: say.criterion(each) for each in answer.criteria}
    if flip.binding is None or flip.verdict == "pass":
        return ""
    return f" ({names.get(flip.binding.criterion, flip.binding.criterion)})"


def _untried(answer: Sensitivity, say: AnnexWording) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for each in answer.untried:
        why = say.either(each.why, each.why_vi)
        found.setdefault(why, []).append(say.assumption(each.assumption)[0])
    for why, what in found.items():
        yield f"{capital(why)}: {'; '.join(dict.fromkeys(what))};"
