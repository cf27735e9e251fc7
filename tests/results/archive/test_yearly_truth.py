"""Whatever runs a year had, its summary says nothing that they do not bear out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import history_factory as h
from hypothesis import given
from hypothesis import strategies as st
from pdf_text import text_of
from wording import all_wrong

from giaoban.results.archive.evidence.manifest import sha256
from giaoban.results.archive.history.document import write_summary
from giaoban.results.archive.history.entry import (
    BindingCriterion,
    CriterionValue,
    HistoryEntry,
    ProvinceRef,
    TriedFailures,
)
from giaoban.results.archive.history.index import opened
from giaoban.results.archive.history.yearly import ASSESSED, yearly
from giaoban.results.archive.store import write_result
from giaoban.results.model.result import FileRef, Result

NONE = re.compile(r"không (?:có|phát hiện) điểm lỗi đơn|không có sự cố nào", re.IGNORECASE)
"""That there is no single point of failure."""
PROVINCES = [
    ProvinceRef(file="province.toml", sha256="a" * 64, name="Tỉnh Đắk Nông"),
    ProvinceRef(file="province.toml", sha256="b" * 64, name="Tỉnh Lâm Đồng"),
    ProvinceRef(file="province.toml", sha256="c" * 64),
    ProvinceRef(file="province.toml", sha256="d" * 64, name="Tỉnh Đắk Nông"),
]
NETWORK = {"a" * 64: 0, "b" * 64: 1, "c" * 64: 2, "d" * 64: 0}
"""Which of these files are of one network: the last is the first with other figures."""


def criterion(ident: str, *, ok: bool, margin_pct: float | None, where: str) -> CriterionValue:
    return CriterionValue(
        id=ident, name_en="english name", name_vi="Tên tiêu chí", value=3.0 if where else None,
        threshold=10.0, unit="ms", sense="at-most", ok=ok, margin_pct=margin_pct, where_en="place",
        where_vi=where,
    )  # fmt: skip


@st.composite
def runs(draw: st.DrawFn) -> HistoryEntry:
    kind = draw(st.sampled_from(["check", "faults", "load", "whatif", "headroom", "new-kind"]))
    verdict = draw(st.sampled_from(["pass", "fail", "invalid"]))
    province = draw(st.sampled_from(PROVINCES))
    scenario = draw(st.sampled_from(["mo-rong", "hien-co"]))
    day = draw(st.integers(1, 28))
    where = draw(st.sampled_from(["", "Đắk Mil, sau khi kết nối"]))
    margin = draw(st.sampled_from([None, -20.0, 35.0]))
    more: dict[str, Any] = {}
    if kind == "check":
        one = criterion(
            draw(st.sampled_from(["mcu-units", "mouth-to-ear"])),
            ok=verdict != "fail", margin_pct=margin, where=where,
        )  # fmt: skip
        more["criteria"] = draw(st.sampled_from([[one], []]))
        more["binding"] = draw(
            st.sampled_from(
                [
                    None,
                    BindingCriterion(
                        criterion=one.id, where_en="", where_vi=where, margin_pct=margin
                    ),
                ]
            )
        )
    if kind == "faults":
        possible = draw(st.integers(1, 40))
        singles = draw(st.integers(0, possible))
        unknown = draw(st.integers(0, singles))
        more["tried"] = TriedFailures(
            count=max(1, singles), possible=possible, singles=singles, unknown=unknown
        )
        more["single_points"] = draw(st.sampled_from([[], ["MCU"], ["MCU", "cáp chung Bắc"]]))
        more["compared_with"] = draw(st.sampled_from(["", "ring"]))
        more["criteria"] = draw(
            st.sampled_from(
                [[], [criterion("failure-interruption", ok=True, margin_pct=90.0, where=where)]]
            )
        )
    return HistoryEntry(
        folder="x", run_id=f"{scenario}-run", kind=kind,
        at=datetime(2026, draw(st.integers(1, 12)), day), verdict=verdict, scenario=scenario,
        engine=draw(st.sampled_from(["sandbox", "native", "estimate", "other-engine", ""])),
        new=draw(st.sampled_from([{}, {"x": "Xã Quảng Sơn"}])), sha256="e" * 64,
        committed=draw(st.booleans()), province=province, **more,
    )  # fmt: skip


years = st.lists(runs(), min_size=1, max_size=8).map(lambda made: sorted(made, key=lambda e: e.at))
IDS = re.compile(r"(mo-rong|hien-co)(-run)?|[a-e]{64}")


def texts(value: object) -> Iterator[str]:
    """Every text in it but identifiers and sums, which stand by themselves."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str) and not IDS.fullmatch(value):
        yield re.sub(r"\w+\.toml \(\w{8}\)", "tệp", value)  # a network without a name


@given(years)
def test_no_empty_brackets_and_no_english(made: list[HistoryEntry]) -> None:
    assert all_wrong(texts(yearly(made, 2026)), "vi") == []


def counting(made: list[HistoryEntry], kind: str, network: int) -> list[HistoryEntry]:
    return [
        e
        for e in made
        if e.kind == kind and e.counts and e.province and NETWORK[e.province.sha256] == network
    ]


@given(years)
def test_two_networks_are_never_added_up(made: list[HistoryEntry]) -> None:
    networks = yearly(made, 2026)["networks"]
    seen = list(dict.fromkeys(NETWORK[e.province.sha256] for e in made
                              if e.counts and e.kind in ASSESSED and e.province))  # fmt: skip
    assert len(networks) == len(seen)
    for said, network in zip(networks, seen, strict=True):
        checks, faults = (counting(made, kind, network) for kind in ASSESSED)
        months = said["months"]
        for place, verdict in ((2, "pass"), (3, "fail")):
            count = sum(e.verdict == verdict for e in [*checks, *faults])
            assert sum(int(row[place]) for row in months) == count
        assert sum(int(row[3]) for row in said["scenarios"]) == len(checks)
        assert len(said["faults"]) == len(faults)
        assert sum(int(row[1]) for row in said["bindings"]) == sum(bool(e.binding) for e in checks)


@given(years)
def test_that_there_is_no_single_point_only_where_all_was_tried(made: list[HistoryEntry]) -> None:
    for network in yearly(made, 2026)["networks"]:
        rows = network["faults"]
        told = [line for line in network["overview"] if line.startswith("Thử sự cố")]
        assert len(told) == bool(rows)
        for row in rows:
            known, possible = map(int, row[3].split(" / "))
            if row[-1] == "không có":
                assert known >= possible
        by_scenario: dict[str, bool] = {}
        for row in rows:
            known, possible = map(int, row[3].split(" / "))
            by_scenario[row[1]] = by_scenario.get(row[1], False) or known >= possible
        for line in told:
            if NONE.search(line) or "mọi sự cố" in line:
                assert all(by_scenario.values())
            if not all(by_scenario.values()):
                assert re.search(r"\d+ trong \d+ của kịch bản", line)
                assert "Chưa kết luận được" in line


def other_province(result: Result, text: str, root: Path) -> None:
    """Keep a run as one of another province, with its copy of the province's file."""
    ref = FileRef(path="province.toml", sha256=sha256(text.encode()))
    inputs = result.inputs.model_copy(update={"province": ref})
    folder = root / result.run_id
    (folder / "inputs").mkdir(parents=True)
    (folder / "inputs" / "province.toml").write_text(text, encoding="utf-8")
    write_result(folder, result.model_copy(update={"inputs": inputs}))


def of_year(root: Path) -> list[HistoryEntry]:
    with opened(root) as index:
        return index.entries(year=2026)


def test_the_document_of_two_provinces(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    other_province(h.measured(h.JANUARY), 'name = "Tỉnh Đắk Nông"\n', root)
    other_province(h.measured(h.APRIL, delay_ms=160.0), 'name = "Tỉnh Lâm Đồng"\n', root)
    other_province(h.measured(h.JULY), 'name = "Tỉnh Đắk Nông"\n# a new line\n', root)
    found = of_year(root)
    write_summary(found, 2026, tmp_path / "nam.pdf")
    text = " ".join(text_of(tmp_path / "nam.pdf").split())
    for words in ("mạng: tỉnh Đắk Nông", "mạng: tỉnh Lâm Đồng", "2 mạng khác nhau"):
        assert words in text
    assert "2 lần đạt, 0 lần không đạt, trên 1 kịch bản" in text
    assert "0 lần đạt, 1 lần không đạt, trên 1 kịch bản" in text
    assert "đã thay đổi trong năm (2 phiên bản)" in text
