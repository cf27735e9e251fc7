"""Failures in the sandbox: what is found, the same by itself, a baseline that notices, Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from runs import COMMAND, UNDRAWN
from scenario_factory import DEFAULT, ROOT, SCENARIOS, Ran, giaoban, scenario
from undrawn import undrawn

from giaoban.results.judge import baseline
from giaoban.results.judge.failure_points import SINGLE
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.scenarios.study.failures.trial import LASTS_S
from tests.nights import at_night
from tests.scenarios.cli.process.test_interruption import Watched, nothing_left
from tests.scenarios.rings import DEAD_MS, MEETINGS, ring_province, ring_scenario

pytestmark = pytest.mark.sandbox

__all__ = ["nothing_left"]


WIDE = "200"


def command(*words: str | Path) -> Ran:
    done = subprocess.run(
        [*UNDRAWN, *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": WIDE},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def only(*failures: str) -> list[str]:
    """The options that name what is tried."""
    return [word for failure in failures for word in ("--only", failure)]


TRIED = (
    "mcu",
    *("cut:a--b", "cut:b--c", "cut:c--a", "cut:access-mcu"),
    *("silent:a--b", "silent:access-mcu"),
    *("router:r-a", "router:r-b", "site:a", "site:c"),
)
"""Failures of the ring that are estimated. Which there are is `test_faults.py`'s."""
EMULATED = ("mcu", "cut:a--b", "silent:a--b", "router:r-b", "site:a")
"""Of those, one of each kind: the estimate says what is emulated, so that of the others it is
enough."""


class Ring:
    """Its failures, estimated and emulated; each is the baseline `ring` of what is asked so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.province = ring_province(folder / "ring.toml")
        self.file = scenario(
            folder / "s.toml", id="ring", province=self.province, bridges=(), profile="sd30-256k"
        )
        self.first = self.faults("first", *only(*EMULATED))
        self.answer = self.answer_of("first")
        self.estimated = self.faults("estimated", "--estimate", *only(*TRIED))
        self.estimate = self.answer_of("estimated")
        for name, answer in (("first", self.answer), ("estimated", self.estimate)):
            # only a whole answer is accepted, so what was tried counts as all there is
            whole = answer.model_copy(update={"whole": True})
            accepted = baseline.accept(whole, name="ring", reason="test", on=date(2026, 1, 2))
            path = baseline.path_of("ring", folder / f"accepted-{name}")
            path.parent.mkdir()
            path.write_text(baseline.text_of(accepted), encoding="utf-8")

    def faults(self, name: str, *words: str | Path) -> Ran:
        given = ("faults", self.file, "--results", self.folder / name, *words)
        if "--estimate" not in words:
            return command(*given)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("COLUMNS", WIDE)
            undrawn(patch)
            return giaoban(*given)

    def answer_of(self, name: str) -> FaultsAnswer:
        [run] = (self.folder / name).iterdir()
        return FaultsAnswer.from_json((run / "faults.json").read_bytes())

    def compared(self, name: str, *words: str | Path) -> Ran:
        of = "estimated" if "--estimate" in words else "first"
        there = ("--baseline", self.folder / f"accepted-{of}" / "ring.toml")
        return self.faults(name, *there, *words)

    def failure(self, ident: str) -> Any:
        """One that was emulated."""
        return next(f for f in self.answer.failures if f.id == ident)


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Ring:
    return Ring(tmp_path_factory.mktemp("ring"))


def test_a_ring_keeps_everybody_in_the_meeting(ring: Ring) -> None:
    assert ring.first.code == 1, ring.first.out + ring.first.err
    for ident in ("cut:a--b", "silent:a--b"):
        failure = ring.failure(ident)
        assert failure.cut_off == [], ident
        assert not any(b.behind for b in failure.bridges)
    points = {(p.element.kind, p.element.id): p.cut_off for p in ring.estimate.single_points}
    assert points == {
        ("mcu", "mcu"): ["a", "b", "c"],
        ("link", "access-mcu"): ["a", "b", "c"],
        ("router", "r-a"): ["b", "c"],
        ("bridge", "a"): ["b", "c"],
    }
    tried = {f.id: f for f in ring.estimate.failures}
    assert tried["cut:b--c"].cut_off == tried["cut:c--a"].cut_off == []
    single = [f for f in tried.values() if any(SINGLE in reason for reason in f.reasons)]
    assert {f.id for f in single} == {
        "mcu",
        "cut:access-mcu",
        "silent:access-mcu",
        "router:r-a",
        "site:a",
    }
    assert {f.verdict for f in single} == {"fail"}
    # what its own bridge loses by a router or a site's power no network could keep
    assert {tried[ident].verdict for ident in ("router:r-b", "site:c")} == {"pass"}


def test_the_other_way_round_is_told(ring: Ring) -> None:
    moved = next(b for b in ring.failure("cut:a--b").bridges if b.bridge == "b")
    assert moved.path_before == ["access-b", "a--b", "access-mcu"]
    assert moved.path_after == ["access-b", "b--c", "c--a", "access-mcu"]
    kept = next(b for b in ring.failure("cut:a--b").bridges if b.bridge == "c")
    assert kept.path_before == kept.path_after == ["access-c", "c--a", "access-mcu"]


def test_a_bridge_that_is_cut_off_has_no_path(ring: Ring) -> None:
    """Also where the line is mended at the moment at which paths are read."""
    for failure in (*ring.estimate.failures, *ring.answer.failures):
        for bridge in failure.bridges:
            assert (bridge.path_after is None) == bridge.cut_off, f"{failure.id} {bridge.bridge}"


def test_rerouting_loads_the_link_that_is_left(ring: Ring) -> None:
    """Both bridges' calls are on it, instead of one; the link between them is idle otherwise."""

    def load(answer: FaultsAnswer, ident: str, link: str) -> float:
        [failure] = [f for f in answer.failures if f.id == ident]
        return max(float(k.peak_pct) for k in failure.links if k.id == link)

    for cut, left in (("cut:a--b", "c--a"), ("cut:c--a", "a--b")):
        assert load(ring.estimate, cut, left) > 1.5 * load(ring.estimate, "cut:b--c", left)
        worst = max((w for w in ring.estimate.links if w.id == left), key=lambda w: w.peak_pct)
        assert worst.peak_pct >= load(ring.estimate, cut, left)
        assert load(ring.estimate, worst.failure, left) == worst.peak_pct
    of_both = [load(answer, "cut:a--b", "c--a") for answer in (ring.estimate, ring.answer)]
    assert of_both[0] == pytest.approx(of_both[1], rel=0.02)


def test_an_estimate_says_what_was_emulated(ring: Ring) -> None:
    """Each kind of failure: the same bridges cut off, the same verdict, the sound interrupted
    for as long as the timers of routers allow."""
    assert ring.estimated.code == ring.first.code, ring.estimated.err
    same = [f for f in ring.estimate.failures if f.id in EMULATED]
    says_what_was_emulated(ring.estimate.model_copy(update={"failures": same}), ring.answer)


TIMERS_MS = 300.0
"""One BFD interval and two ticks of route computation: what the phases of routers differ by."""


def says_what_was_emulated(estimate: FaultsAnswer, emulation: FaultsAnswer) -> None:
    """Compare bridges cut off, verdicts, paths, and interruptions of sound (`TIMERS_MS`)."""
    assert [f.id for f in estimate.failures] == [f.id for f in emulation.failures]
    for found, emulated in zip(estimate.failures, emulation.failures, strict=True):
        assert found.verdict == emulated.verdict, found.id
        assert found.cut_off == emulated.cut_off, found.id
        for one, other in zip(found.bridges, emulated.bridges, strict=True):
            assert (one.bridge, one.behind) == (other.bridge, other.behind)
            assert (one.path_before, one.path_after) == (other.path_before, other.path_after)
            assert one.sound_interruption_ms == pytest.approx(
                other.sound_interruption_ms, rel=0.1, abs=TIMERS_MS
            ), f"{found.id} {one.bridge}"


def test_what_a_silent_failure_takes_is_detection_and_routing(ring: Ring) -> None:
    """BFD finds it after three intervals of 100 ms, each shortened by up to a quarter (RFC 5880
    §6.8.7); then the routes are computed, at the latest 100 ms later, and take effect. So long the
    sound is away; the picture comes with the next key frame, which has to be asked for."""
    failure = ring.failure("silent:a--b")
    assert failure.interruption_at == "b"
    [hit] = [b for b in failure.bridges if b.bridge == "b"]
    assert 200 < hit.sound_interruption_ms < 600
    assert hit.picture_interruption_ms >= hit.sound_interruption_ms
    assert hit.interruption_ms == hit.picture_interruption_ms


@pytest.mark.nightly
def test_one_by_itself_gives_the_same_figures(ring: Ring) -> None:
    """What its guest is given does not hang on what else is tried, which by day two show in guests
    of their own; that a guest's answer does not hang on what runs beside it, `test_runs.py` shows.
    """
    ran = ring.faults("alone", "--only", "silent:a--b")
    wanted = {"pass": 0, "fail": 1}[ring.failure("silent:a--b").verdict]
    assert ran.code == wanted, ran.err
    [folder] = (ring.folder / "alone").iterdir()
    alone = FaultsAnswer.from_json((folder / "faults.json").read_bytes())
    assert alone.failures == [ring.failure("silent:a--b")]


def test_a_link_that_was_removed_is_noticed(ring: Ring) -> None:
    less = ring_province(ring.folder / "less.toml", ("a--b", "b--c"))
    ran = ring.compared("less", "--estimate", "--province", less, "--only", "cut:a--b")
    assert ran.code == 1, ran.out
    lines = [line.strip() for line in ran.out.splitlines()]
    assert "worse: link C – A cut: link C ↔ A is not in the network any more" in lines
    assert "worse: link A – B cut: C is cut off (was: not interrupted)" in lines


@pytest.mark.parametrize("how", [("--estimate",), at_night(())], ids=["estimated", "emulated"])
def test_bfd_switched_off_is_noticed(ring: Ring, how: tuple[str, ...]) -> None:
    """Without it a silent failure lasts until the neighbour is declared dead."""
    slow = ring_province(ring.folder / "slow.toml", bfd=False)
    name = "-".join(("slow", *how))
    ran = ring.compared(name, *how, "--province", slow, "--only", "silent:a--b")
    assert ran.code == 1, ran.out
    [folder] = (ring.folder / name).iterdir()
    [failure] = FaultsAnswer.from_json((folder / "faults.json").read_bytes()).failures
    [hit] = [b for b in failure.bridges if b.bridge == "b"]
    assert DEAD_MS - 1000 - 200 < hit.sound_interruption_ms < DEAD_MS + 1000
    assert hit.sound_interruption_ms < LASTS_S * 1000
    assert "worse: link A – B lit, but its packets gone: B is interrupted " in ran.out


AROUND = ("silent:access-mcu", "router:r-tuy-duc", "router:r-dak-glong", "site:gia-nghia")


def compared(file: Path, folder: Path, tried: Sequence[str]) -> None:
    """Both ways of the same failures."""
    answers = []
    for name, words in (("estimated", ["--estimate"]), ("emulated", [])):
        ran = command("faults", file, "--results", folder / name, *words, *only(*tried))
        assert ran.code in (0, 1), ran.out + ran.err
        [run] = (folder / name).iterdir()
        answers.append(FaultsAnswer.from_json((run / "faults.json").read_bytes()))
    says_what_was_emulated(*answers)


@pytest.mark.nightly
@pytest.mark.parametrize("meeting", MEETINGS)
def test_an_estimate_says_what_was_emulated_where_pictures_are_forwarded(
    tmp_path: Path, meeting: str
) -> None:
    file = ring_scenario(
        tmp_path,
        id="ring",
        more=MEETINGS[meeting],
    )
    compared(file, tmp_path, ("cut:a--b", "silent:a--b", "router:r-b", "site:b", "cut:c--a"))


@pytest.mark.nightly
def test_an_estimate_says_what_was_emulated_in_the_default_province(tmp_path: Path) -> None:
    sites = [f"site:{bridge}" for bridge in ("cu-jut", "dak-glong", "dak-song", "krong-no")]
    file = SCENARIOS / "expansion-gia-nghia-quang-son.toml"
    compared(file, tmp_path, (*AROUND, *sites))


@pytest.mark.nightly
def test_the_default_provinces_weak_points(tmp_path: Path) -> None:
    """The spur, and not the link beside it in the ring."""
    tried = only("cut:gia-nghia--dak-glong", "cut:gia-nghia--dak-song")
    file = scenario(tmp_path / "s.toml", province=DEFAULT, bridges=(), profile="sd30-256k")
    ran = command("faults", file, "--results", tmp_path / "runs", *tried)
    assert ran.code == 1, ran.out + ran.err
    points = [x for x in ran.out.splitlines() if x.startswith("single point of failure")]
    link, who = "link Gia Nghĩa – Đắk Glong", "Đắk Glong"
    assert points == [f"single point of failure: {link}: without it {who} is cut off; not accepted"]


@pytest.mark.parametrize(
    ("number", "code", "left"),
    [(signal.SIGINT, 130, 0), (signal.SIGKILL, -signal.SIGKILL, 1)],
)
def test_interrupted(
    tmp_path: Path,
    number: signal.Signals,
    code: int,
    left: int,
    nothing_left: Callable[[Watched], None],
) -> None:
    """While two emulations run: no process stays, and no folder but what a kill leaves aside."""
    made = ring_province(tmp_path / "ring.toml")
    file = scenario(tmp_path / "s.toml", id="ring", province=made, bridges=())
    process = subprocess.Popen(
        [
            *(*COMMAND, "faults", str(file), "--results", str(tmp_path / "runs"), "--jobs", "2"),
            *only("cut:a--b", "cut:b--c", "cut:c--a"),
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    watched, sent = Watched(process), False
    for line in process.stderr:
        watched.look()
        watched.err.append(line.decode())
        meeting = re.search(rb"failures +[1-9]", line)
        if len(watched.sessions) >= 4 and meeting and not sent:  # ours, two children, the guest
            process.send_signal(number)
            sent = True
    assert sent
    process.wait()
    process.stderr.close()
    assert process.returncode == code, "".join(watched.err)
    nothing_left(watched)
    remains = list((tmp_path / "runs").iterdir())
    assert len(remains) == left
    assert all(path.name.startswith(".partial-faults-ring-") for path in remains)
