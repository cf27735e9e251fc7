"""Whatever was found, no document has a hole in it, a word of the other language, or more than it
knows: annexes, pages, headlines and summaries of many made-up results."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import annex_factory as a
import failures_factory as ff
import load_factory as lf
import pytest
import results_factory as f
from hypothesis import given
from hypothesis import strategies as st
from wording import all_wrong, wrong_with

from giaoban.names import link_names
from giaoban.results.judge.baseline import accept
from giaoban.results.judge.baseline_compare import against
from giaoban.results.judge.criteria import load_criteria
from giaoban.results.judge.verdict import trial, with_seeds
from giaoban.results.model.faults import FaultImpact, FaultResult
from giaoban.results.model.reasons import because
from giaoban.results.model.result import (
    Downspeeded,
    Impairment,
    MoreCalls,
    OtherTraffic,
    Refused,
    RefusedCommand,
    Result,
)
from giaoban.results.model.seeds import others, seeds_of
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.load import LoadResult
from giaoban.results.report.display_names import DisplayNames
from giaoban.results.report.document import Bullets, Document, Heading, Par, Table
from giaoban.results.report.seed_words import figure
from giaoban.results.report.wording import Wording
from giaoban.translation import NBSP

CODES = (403, 404, 408, 480, 481, 486, 488, 503, 603)
COMMANDS = ("request-to-speak", "mute", "layout", "drop", "redial", "present", "end-meeting")
FAULTS: dict[str, tuple[str, str]] = {
    "cut": ("link", "dak-song--dak-mil"),
    "silent": ("link", "access-dak-mil"),
    "router": ("router", "r-dak-song"),
    "site": ("bridge", "dak-mil"),
    "mcu": ("mcu", "mcu"),
}
REASONS = [
    f.unaccounted(3),
    because("never-sent", stream="dak-r-lap video down", packets=12),
    because("late-link-down", fault="cut-1", line="gia-nghia--cu-jut", late_ms=7.5),
]


WHYS = [*REASONS, "something nobody ever said"]


class Draw:
    """Choices that are the same each time, of results too large for hypothesis to make smaller."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def one(self, of: Sequence[Any]) -> Any:
        """Any of them."""
        return self._random.choice(of)

    def some(self, of: Sequence[Any], most: int) -> list[Any]:
        """None to `most` of them, each once."""
        return self._random.sample(of, self._random.randint(0, min(most, len(of))))


def checks(draw: Draw) -> Result:
    """A check with a bit of everything that a check may tell."""
    phases = f.phases()
    who = sorted(f.EXISTING)
    refused = [
        Refused(bridge=draw.one(who), code=code, reason="Busy Here") for code in draw.some(CODES, 2)
    ]
    less = [
        Downspeeded(bridge=draw.one(who), asked="1080p30", given=given, reason="capacity")
        for given in draw.some(["720p30", "audio"], 2)
    ]
    update = {"refused": refused, "downspeeded": less}
    phases[1] = phases[1].model_copy(update={"mcu": phases[1].mcu.model_copy(update=update)})
    delay_ms = draw.one([None, 3.0, 500.0])
    phases[2].bridges[2] = f.bridge(
        "dak-glong", None,
        f.stream("audio", "up"),
        f.stream("audio", "down", delay_ms=delay_ms, mouth_to_ear_ms=delay_ms),
        f.stream("video", "up", sent=7000, received=draw.one([7000, 6000])),
        f.stream("video", "down", sent=7000, freezes=draw.one([0, 3])),
    )  # fmt: skip
    made = f.result(
        phases,
        invalid=draw.some(REASONS, 2),
        video=draw.one(["presence", "switched"]),
        dial=draw.one(["in", "out"]),
        floor=draw.one(["chair", "open"]),
        layout=draw.one(["auto", "3x3"]),
    )
    new = made.question.new if draw.one([True, False]) else []
    to_s = draw.one([None, 60.0])
    more: dict[str, Any] = {
        "question": made.question.model_copy(update={"new": new}),
        "more_calls": draw.one([
            None, *(MoreCalls(resolution="720p30", limit_pct=80.0, to_limit=n, to_full=m)
                    for n, m in ((4, 9), (0, 2), (0, 0))),
        ]),
        "refused_commands": [
            RefusedCommand(by=draw.one(["cu-jut", "operator"]), command=command,
                           on=draw.one([None, "dak-mil"]),
                           code=draw.one(CODES), reason="Forbidden")
            for command in draw.some(COMMANDS, 2)
        ],
        "background": draw.one([[], [
            OtherTraffic(link="access-cu-jut", direction="cu-jut->r-cu-jut", mbps=2.0,
                         packet_bytes=1200, marked="best-effort",
                         from_s=draw.one([None, 5.0]), to_s=to_s),
        ]]),
        "impairments": draw.one([[], [
            Impairment(target="bridge", id="dak-song", direction=draw.one([None, "up"]),
                       media=draw.one([None, "video"]), from_s=5.0, to_s=to_s,
                       text_en="10 % loss", text_vi="mất 10 % gói tin"),
            Impairment(target="link", id="access-cu-jut", from_s=0.0, to_s=to_s,
                       text_en="10 % loss", text_vi="mất 10 % gói tin"),
        ]]),
        "faults": [fault(kind, draw) for kind in draw.some(sorted(FAULTS), 2)],
    }  # fmt: skip
    made = made.model_copy(update=more)
    if made.verdict != "invalid" and draw.one([True, False]):
        seeds = [trial(seed, made) for seed in others(made.inputs.seed, 3)]
        method = draw.one(["estimate", "sandbox"])
        made = with_seeds(made, load_criteria(), seeds_of(seeds, method))
    return made


def fault(kind: str, draw: Draw) -> FaultResult:
    target, ident = FAULTS[kind]
    behind, cut = draw.one([True, False]), draw.one([True, False])
    ms = draw.one([0.0, 120.0])
    impact = FaultImpact(
        bridge="dak-mil", behind=behind, cut_off=cut, interruption_ms=ms,
        interrupted="audio up" if ms else None, sound_interruption_ms=ms, packets_lost=int(ms),
        redials=draw.one(range(3)), call_kept=draw.one([True, False]),
        gone_ms=draw.one([None, 35_000.0]) if behind else None,
    )  # fmt: skip
    return FaultResult(
        id=f"{kind}-1", kind=kind, target=target, target_id=ident, at_s=35.0,
        restored_s=draw.one([None, 50.0]), text_en="failed", text_vi="hỏng",
        bridges=[impact],
    )  # fmt: skip


def tried(draw: Draw) -> FaultsAnswer:
    """An answer about failures, which may be of some of them, untrusted, or of a comparison."""
    idents = ["cut:gia-nghia--cu-jut", "cut:gia-nghia--dak-glong", "site:cu-jut"]
    made = []
    for ident in draw.some(idents, 3) or idents[:1]:
        impact = ff.impact(
            draw.one(sorted(ff.BRIDGES)), draw.one([0.0, 412.0, 8000.0]),
            lost=draw.one(range(100)), cut_off=draw.one([True, False]),
            behind=draw.one([True, False]),
        )  # fmt: skip
        verdict = draw.one(["pass", "pass", "fail", "invalid"])
        reasons = [] if verdict == "pass" else draw.some(WHYS, 1)
        one = ff.failure(ident, [impact], verdict=verdict, reasons=reasons)
        names = {
            "name_en": "link Gia Nghĩa – Cư Jút cut",
            "name_vi": "Đứt tuyến Gia Nghĩa – Cư Jút",
        }
        made.append(one.model_copy(update=names))
    possible = [failure.id for failure in made]
    possible += draw.one([[], ["mcu"], ["mcu", "router:r-cu-jut"]])
    answer = ff.answer(
        made,
        accepts=draw.one([(), ("cut:gia-nghia--dak-glong",)]),
        whole=draw.one([True, False]),
        possible=possible,
        inputs=f.result().inputs,
    )
    valid = answer.model_copy(update={"whole": True})
    if answer.verdict != "invalid" and draw.one([True, False]):
        was = draw.one([valid, ff.answer(inputs=answer.inputs)])
        baseline = accept(was, name="ring", reason="đã biết từ 2024", on=date(2026, 11, 25))
        answer = against(answer, baseline)
    return answer


def loads(draw: Draw) -> LoadResult:
    """A storm in the province, or calls at an MCU."""
    verdict = draw.one([{}, {"verdict": "invalid", "reasons": ["late"]}])
    if draw.one([True, False]):
        last = draw.one([None, 8.5, 70.0])
        made = lf.storm(draw.one(["none", "random"]), last_back_s=last, **verdict)
    else:
        causes = ["capacity", "timeout", "authentication", "unsupported", "protocol", "media"]
        failed = dict.fromkeys(draw.some(causes, 3), 2)
        shape = draw.one(["steady", "hold", "storm"])
        place = draw.one(["loopback", "target"])
        made = lf.calls(shape, failed=failed, place=place, **verdict)
        media = draw.one([[], ["audio"], ["audio", "video"]])
        made.what["media"] = media
    named = [
        c.model_copy(update={"name_en": "Calls refused", "name_vi": "Số cuộc gọi bị từ chối"})
        for c in made.criteria
    ]
    return made.model_copy(update={"criteria": named})


NAMED = re.compile(
    r"\b[\w./-]+\.(?:toml|zip)\b|\b[\w-]*\d{8}-\d{6}[\w-]*\b|\b[0-9a-f]{16,64}\b"
    r"|giaoban \w+|--\w+|ring"
)
"""Files, runs, sums, commands, and the name of a baseline."""


def plain(text: str) -> str:
    return NAMED.sub("X", text.replace("\u00a0", " "))


def told(document: Document) -> list[str]:
    return [plain(line) for _, text in document.texts() for line in text.split("\n")]


def hollow(document: Document) -> Iterator[str]:
    """Sections, lists and tables that have nothing in them, and what announces nothing."""
    blocks = [*document.blocks, Heading("end")]
    for block, after in pairwise(blocks):
        if isinstance(block, Heading) and isinstance(after, Heading) and after.level <= block.level:
            yield f"empty section {block.text}"
        if isinstance(block, Par) and block.text.rstrip().endswith(":") and not isinstance(
            after, Bullets | Par
        ):  # fmt: skip
            yield f"nothing comes after {block.text!r}"
        if isinstance(block, Bullets) and not block.items:
            yield "empty list"
        if isinstance(block, Table) and not block.rows:
            yield f"empty table {block.caption}"


@pytest.mark.parametrize("seed", range(24))
def test_annexes(seed: int) -> None:
    draw = Draw(seed)
    check = checks(draw)
    failures = [tried(draw) for _ in range(seed % 2)]
    tests = [loads(draw) for _ in range(seed % 3)]
    document = a.annex(check, *failures, *tests)
    assert all_wrong(told(document), "vi") == []
    assert list(hollow(document)) == []


EVERY = re.compile(
    "mọi sự cố đơn lẻ|Không có sự cố đơn lẻ nào|all single failures|No single failure took", re.I
)
"""Said of all failures that a network can have."""


@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_said_of_failures_that_were_not_tried(seed: int) -> None:
    answer = tried(Draw(seed))
    whole = answer.whole and not answer.untried
    known = whole and all(failure.verdict != "invalid" for failure in answer.failures)
    texts = told(a.annex(f.result(), answer))
    said = [text for text in texts if EVERY.search(text)]
    for text in said:
        took = re.search("Không có sự cố đơn lẻ nào|No single failure took", text)
        assert known if took else whole, text
    [verdict] = [text for text in texts if "{" not in text and (
        text.startswith(("Về khả năng chịu sự cố", "If something fails")))]  # fmt: skip
    if answer.untried and answer.by_criteria == "pass" and answer.comparison is None:
        assert re.search(r"\d+ (sự cố đơn lẻ khác|more single failures)", verdict), verdict


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Gián đoạn dài nhất: 0 ms ().", "vi"),
        ("đường truyền Gia Nghĩa (access)", "vi"),
        ("năng lực MCU – ", "vi"),
        ("tải {0} %", "vi"),
        ("the link is đường truyền A", "en"),
        ("limit None ms", "en"),
    ],
)
def test_what_is_wrong_is_found(text: str, lang: str) -> None:
    assert wrong_with(text, lang)


# -------------------------------------------- links, and what else is called as they are

LINK_ENDS = {"ql-1": ("r-a", "r-b"), "b--c": ("r-b", "r-c"), "x": ("r-a", "r-c")}
ROUTERS = ("r-a", "r-b", "r-c", "r--mid")
NAMES = st.tuples(*[st.sampled_from(["A", "B", "C", "A – B", "B – C", "A – B (x)"])] * len(ROUTERS))


@given(NAMES)
def test_links_are_known_by_the_ends_that_are_given(names: tuple[str, ...]) -> None:
    called = dict(zip(ROUTERS, names, strict=True))
    known = DisplayNames(names=called | link_names(LINK_ENDS, called), link_ends=LINK_ENDS)
    for router, name in called.items():
        assert known.link_or_router(router).en.startswith(f"router {name}")
        assert known.link_or_node(router).vi == name
    for link, ends in LINK_ENDS.items():
        both = "link " + " ↔ ".join(called[end] for end in ends)
        assert known.link_or_router(link).en.removesuffix(f" ({link})") == both
        assert known.link_or_node(link).en == known.link_or_router(link).en


def test_links_of_a_network_that_is_unknown_only_what_says_so_itself_is_a_link() -> None:
    known = Wording("en", names={"r-a": "A", "r-b": "B", "m": "A – B", "m--m": "A – B"})
    assert [each for each in ("m", "m--m", "access-m", "a--b") if known.is_link(each)] == [
        "access-m",
        "a--b",
    ]


CALLED_LIKE_LINKS = {
    "r-mid": "Gia Nghĩa – Cư Jút",
    "r-gia-nghia": "Gia Nghĩa",
    "ring": "Đắk Glong – Cư Jút",
}


def test_links_are_known_by_what_failed_and_what_had_failed_when_it_was_accepted() -> None:
    tried = ["cut:gia-nghia--cu-jut", "router:r-mid", "group:ring", "cut:gia-nghia--dak-glong"]
    whole = ff.answer([*map(ff.failure, tried), ff.failure("router:r-cu-jut")])
    whole = whole.model_copy(update={"names": whole.names | CALLED_LIKE_LINKS})
    baseline = accept(whole, name="ring", reason="r", on=date(2026, 11, 25))
    left = ff.answer([ff.failure(tried[0])])
    now = against(left.model_copy(update={"names": {}, "possible": [tried[0]]}), baseline)
    for answer in (whole, now):
        say = Wording("en", answer)
        for ident in CALLED_LIKE_LINKS:
            assert not say.is_link(ident)
            assert say.failure(ff.failure(f"router:{ident}")).endswith(f"outer {ident} down")
        assert say.is_link("gia-nghia--cu-jut")
        assert say.is_link("gia-nghia--dak-glong")
    named = DisplayNames(now)
    gone = {c.failure: named.change(c) for c in now.comparison.changes if c.code == "element-gone"}
    said = {
        "router:r-mid": "Gia Nghĩa – Cư Jút is",
        "group:ring": "Đắk Glong – Cư Jút is",
        "cut:gia-nghia--dak-glong": "link Gia Nghĩa ↔ Đắk Glong is",
        "router:r-cu-jut": "Cư Jút is",
    }
    assert gone == {
        failure: f"{what} not in the network any more" for failure, what in said.items()
    }


@pytest.mark.parametrize(
    ("amount", "said"),
    [(1.0, "1 point"), (1.004, "1 point"), (0.996, "1 point"), (1.01, "1.01 points")],
)
def test_a_unit_agrees_with_the_amount_that_is_shown(amount: float, said: str) -> None:
    assert Wording("en").amount(amount, "points") == said.replace(" ", NBSP)
    assert figure(amount, "points") == said
