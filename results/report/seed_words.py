"""What other seeds came to, in English and in Vietnamese words."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import NamedTuple

from giaoban.counting import counted, unit_of
from results.judge.criteria import EVERY_SEED
from results.model.result import Binding, CriterionResult, Result
from results.model.seeds import CONFIDENCE_PCT, Seeds, Spread
from results.report.markdown import cell_text

NBSP = "\u00a0"
NOT_TRIED = "other seeds were not tried"
NOT_TRIED_VI = "chưa thử với số khởi tạo ngẫu nhiên khác"


def tried(result: Result) -> Seeds | None:
    """The other seeds, if any were tried."""
    return result.seeds if result.seeds is not None and result.seeds.tried else None


def by_luck(result: Result) -> bool:
    """Whether it passes at some seeds and not at others, its own among them."""
    seeds = tried(result)
    if seeds is None or result.verdict != "fail":
        return False
    return passes_alone(result) or bool(seeds.passed)


def passes_alone(result: Result) -> bool:
    """Whether the run's own seed meets all other criteria."""
    return all(c.ok for c in result.criteria if c.id != EVERY_SEED)


class AtSeed(NamedTuple):
    """What fails at another seed."""

    seed: int
    binding: Binding
    criterion: CriterionResult


def at_seed(result: Result) -> AtSeed | None:
    """What fails at the first other seed that does not pass, where that is what binds."""
    first = None if result.seeds is None else result.seeds.first
    if result.binding is None or result.binding.criterion != EVERY_SEED:
        return None
    if first is None or first.binding is None:
        return None
    found = [c for c in result.criteria if c.id == first.binding.criterion]
    return AtSeed(first.seed, first.binding, found[0]) if found else None


def luck(result: Result) -> str:
    """`passes at 13 of 20 seeds`, for the headline of what fails by luck."""
    seeds = tried(result)
    assert seeds is not None
    own = "" if passes_alone(result) else ", not at its own"
    share = f"{seeds.passed} of {counted(seeds.tried, 'seed')}"
    return f"passes at {share}{own}: the answer depends on luck"


def luck_vi(result: Result) -> str:
    """The same in Vietnamese."""
    seeds = tried(result)
    assert seeds is not None
    others = f"đạt ở {seeds.passed} trong {seeds.tried} số khởi tạo ngẫu nhiên khác"
    if not passes_alone(result):
        said = f"không đạt với số khởi tạo của lần kiểm tra này, {others}"
    elif seeds.passed:
        said = f"đạt với số khởi tạo của lần kiểm tra này nhưng chỉ {others}"
    else:
        said = (
            "đạt với số khởi tạo của lần kiểm tra này nhưng không đạt ở cả "
            f"{seeds.tried} số khởi tạo ngẫu nhiên khác"
        )
    return f"{said}: kết quả phụ thuộc yếu tố ngẫu nhiên"


def note(result: Result) -> str:
    """How sure the answer is, for the terminal and the summary."""
    seeds = tried(result)
    if seeds is None:
        why = result.seeds.refused if result.seeds is not None else None
        return NOT_TRIED + (f": {why}" if why else "")
    if seeds.stopped:
        return stopped(seeds)
    how = "" if seeds.method == "estimate" else ", emulated"
    if seeds.passed == seeds.tried:
        said = f"passes at all {seeds.tried} of {counted(seeds.tried, 'other seed')}{how}"
        return f"{said} (at least {_least(seeds)} % of all seeds, {_confidence()})"
    said = f"passes at {seeds.passed} of {counted(seeds.tried, 'other seed')}{how}"
    if (allowed := _allowed_pct(result)) is not None:
        said += f", and {figure(allowed, '%')} of them may fail"
    share = f"{_least(seeds)} % to {_most(seeds)} %"
    if not seeds.passed:
        share = f"at most {_most(seeds)} %"
    return f"{said} ({share} of all seeds, {_confidence()})"


def stopped(seeds: Seeds) -> str:
    """Of a search that went on no further: `fails at seed 1684, the 3rd that was tried: …`."""
    assert seeds.first is not None
    binding = seeds.first.binding
    what = "" if binding is None else f": {binding.criterion} at {binding.where}"
    number = 1 + seeds.seeds.index(seeds.first.seed)
    return f"fails at seed {seeds.first.seed}, number {number} of the other seeds{what}"


def sentence_vi(result: Result) -> str:
    """How sure the conclusion is, in one sentence of the annex."""
    seeds = tried(result)
    if seeds is None:
        why = ""
        if result.seeds is not None and result.seeds.refused is not None:
            what = " có sự cố được chủ động tạo ra nên" if result.faults else ""
            why = f", vì kịch bản{what} không tính toán được"
        return f"Kết luận này chỉ dựa trên một số khởi tạo ngẫu nhiên; {NOT_TRIED_VI}{why}."
    estimated = seeds.method == "estimate"
    if result.verdict == "fail":
        how = "Tính thêm" if estimated else "Mô phỏng thêm"
        head = f"{how} với {seeds.tried} số khởi tạo ngẫu nhiên khác: hệ thống "
    else:
        how = "tính toán" if estimated else "mô phỏng"
        head = (
            f"Kết luận này được kiểm tra thêm bằng {how} với {seeds.tried} số khởi tạo ngẫu nhiên "
            "khác: "
        )
    if seeds.passed == seeds.tried:
        times, share = f"đạt ở cả {seeds.tried} lần", f"từ {_least(seeds)}{NBSP}% trở lên"
    elif not seeds.passed:
        times, share = f"không đạt ở cả {seeds.tried} lần", f"từ {_most(seeds)}{NBSP}% trở xuống"
    else:
        times = f"đạt ở {seeds.passed} lần, không đạt ở {seeds.failed} lần"
        share = f"từ {_least(seeds)}{NBSP}% đến {_most(seeds)}{NBSP}%"
    if (allowed := _allowed_pct(result)) is not None:
        limit = f"{allowed:.10g}".replace(".", ",")
        times += f", trong khi kịch bản cho phép đến {limit}{NBSP}% số lần không đạt"
    return f"{head}{times} (khoảng tin cậy {CONFIDENCE_PCT:g}{NBSP}%: tỷ lệ đạt {share})."


def sentence(result: Result) -> str:
    """The same in English."""
    seeds = tried(result)
    if seeds is None:
        why = ""
        if result.seeds is not None and result.seeds.refused is not None:
            what = "what fails on purpose" if result.faults else "the scenario"
            why = f", as {what} cannot be estimated"
        return f"This conclusion rests on one seed: {NOT_TRIED}{why}."
    how = "estimated" if seeds.method == "estimate" else "emulated"
    if result.verdict == "fail":
        head = f"Also {how} at {counted(seeds.tried, 'other seed')}: the system"
    else:
        head = f"This conclusion was also {how} at {counted(seeds.tried, 'other seed')}: it"
    if seeds.passed == seeds.tried:
        times, share = f"passes at all {seeds.tried}", f"{_least(seeds)}{NBSP}% or more"
    elif not seeds.passed:
        times, share = f"fails at all {seeds.tried}", f"{_most(seeds)}{NBSP}% or less"
    else:
        times = f"passes at {seeds.passed} and fails at {seeds.failed}"
        share = f"{_least(seeds)}{NBSP}% to {_most(seeds)}{NBSP}%"
    if (allowed := _allowed_pct(result)) is not None:
        times += f"; the scenario lets up to {allowed:.10g}{NBSP}% of them fail"
    return f"{head} {times} ({CONFIDENCE_PCT:g}{NBSP}% confidence interval: passes at {share})."


def spreads(result: Result) -> list[tuple[CriterionResult, Spread]]:
    """Each criterion with the spread of its value at other seeds, in the result's order."""
    seeds = tried(result)
    if seeds is None:
        return []
    of = {criterion.id: criterion for criterion in result.criteria}
    return [(of[spread.id], spread) for spread in seeds.spread if spread.id in of]


def seed_lines(result: Result) -> list[str]:
    """The section of `summary.md`."""
    lines = ["## Other seeds", "", f"{_capital(note(result))}.", ""]
    seeds = tried(result)
    if seeds is None:
        return lines
    lines += [
        f"Seeds {_listed(seeds.seeds)}; {CONFIDENCE_PCT:g} % by Wilson's interval.",
        "",
        "| criterion | least | median | largest | limit | fails at | fails first at |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for criterion, spread in spreads(result):
        limit = ("≤ " if criterion.sense == "at-most" else "≥ ") + figure(
            criterion.threshold, spread.unit
        )
        cells = [
            cell_text(criterion.name_en),
            *(figure(v, spread.unit) for v in (spread.least, spread.median, spread.largest)),
            limit,
            str(spread.failed),
            str(spread.first),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    if seeds.first is not None and seeds.first.binding is not None:
        binding = seeds.first.binding
        lines += [
            "",
            f"At seed {seeds.first.seed}, the first that does not pass, {binding.criterion} fails "
            f"first, at {binding.where}: {figure(binding.value, binding.unit)}, limit "
            f"{figure(binding.threshold, binding.unit)}.",
        ]
    return [*lines, ""]


def figure(value: float | None, unit: str) -> str:
    """A value with its unit; `–` where it was measured nowhere."""
    if value is None:
        return "–"
    digits = f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:.0f}"
    return f"{'0' if digits == '-0' else digits} {unit_of(value, unit)}"


def _listed(seeds: Sequence[int]) -> str:
    """`1682 to 1701`; one by one where they begin anew at 0."""
    if len(seeds) > 1 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def _allowed_pct(result: Result) -> float | None:
    """The share of seeds that the scenario lets fail, where that made it a pass."""
    seeds = tried(result)
    if seeds is None or not seeds.failed or result.verdict != "pass":
        return None
    return next((c.threshold for c in result.criteria if c.id == EVERY_SEED), None)


def _least(seeds: Seeds) -> str:
    """The interval's lower end in whole percent, rounded so that no more is claimed."""
    return "–" if seeds.least_pct is None else str(floor(seeds.least_pct))


def _most(seeds: Seeds) -> str:
    """The interval's upper end in whole percent, likewise."""
    return "–" if seeds.most_pct is None else str(ceil(seeds.most_pct))


def _confidence() -> str:
    return f"{CONFIDENCE_PCT:g} % confidence"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
