"""`giaoban whatif` and `headroom` from the command line to files, in the small province."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from scenario_factory import Ran, giaoban, only_run
from undrawn import undrawn
from whatif_factory import base, small

from giaoban.errors import InvalidRun
from giaoban.results.model.studies.whatif import WhatIf
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.schemas.make import ANSWERS, schema_text
from giaoban.scenarios.study.headroom import headroom as headroom_run
from giaoban.scenarios.study.whatif import compare as whatif_run
from giaoban.scenarios.study.whatif import confirm as confirming
from giaoban.scenarios.study.whatif.compare import draw_map
from giaoban.scenarios.study.whatif.variant import Variant

VARIANTS = """
schema = "giaoban.variants/1"
scenario = "small-base.toml"
question = "Which device for four more?"
question_vi = "Chọn thiết bị nào cho bốn điểm cầu nữa?"
[[variant]]
id = "a"
more = 4
[[variant]]
id = "b"
name = "ten ports"
more = 4
device = "codian-4510-hd-plus"
[[variant]]
id = "c"
name = "fifteen ports"
more = 4
device = "codian-4515-hd-plus"
[[price]]
what = "device"
id = "codian-4510-hd-plus"
million_vnd = 700.0
source = "offer of May"
[[price]]
what = "device"
id = "codian-4515-hd-plus"
million_vnd = 650.0
source = "offer of June"
[[price]]
what = "bridge"
million_vnd = 30.0
source = "framework contract"
assumed = true
settled_by = "the next tender"
"""


def run(folder: Path, command: str, file: Path, *words: str) -> Ran:
    quick = ("--jobs", "1")
    return giaoban(command, file, *quick, "--results", folder / "runs", *words)


def fits_schema(folder: Path, name: str) -> dict[str, object]:
    """The answer, which fits its schema; the schema is the one that the model gives."""
    [of] = [of for of in ANSWERS if f"{name}.json" == of.FILE]
    schema = json.loads(schema_text(of))
    Draft202012Validator.check_schema(schema)
    answer: dict[str, object] = json.loads((folder / f"{name}.json").read_bytes())
    Draft202012Validator(schema).validate(answer)
    return answer


HEADROOM_DRAWN = {name: getattr(headroom_run, name) for name in ("draw_map", "draw_plot")}
"""What draws where nothing is left undrawn."""


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    undrawn(monkeypatch)


def test_what_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whatif_run, "draw_map", draw_map)
    ran = run(tmp_path, "whatif", small(tmp_path), "--more", "1")
    assert ran.code == 0, ran.err
    assert "PASS – with this the criteria are met" in ran.out
    folder = only_run(tmp_path / "runs")
    made = fits_schema(folder, "whatif")
    assert (made["verdict"], made["answer"], made["search"]) == ("pass", "asked", [])
    assert {path.name for path in folder.iterdir()} == {
        "whatif.json",
        "summary.md",
        "map.en.svg",
        "map.en.png",
    }
    assert (folder / "map.en.png").read_bytes().startswith(b"\x89PNG")


def test_what_fails_is_answered_with_what_to_buy(tmp_path: Path) -> None:
    """Six calls on six ports of which 80 % may be used, each call one port whatever its picture:
    lower calls do not help, the next device of its kind has ten."""
    ran = run(tmp_path, "whatif", small(tmp_path), "--more", "4")
    assert ran.code == 1, ran.err
    answer = WhatIf.from_json((only_run(tmp_path / "runs") / "whatif.json").read_bytes())
    asked = answer.variant("asked")
    assert asked.judged.binding.criterion == "mcu-units"
    assert answer.answer == "calls-as-asked"
    found = answer.variant("calls-as-asked")
    assert (found.device, found.profile) == ("lifesize-2200-8", "720p30-2m")
    assert found.judged.verdict == "pass"
    assert found.judged.in_use.used_pct <= 80.0
    assert answer.neighbour == "asked"
    assert "with the calls as asked (estimated): new bridges: " in ran.out
    assert "1 purchase; no call is lowered" in ran.out


def test_a_variant_that_cuts_bridges_off_does_not_pass_for_those_that_are_left(
    tmp_path: Path,
) -> None:
    """Nor is anything searched for: no device and no rate reaches them."""
    small(tmp_path)
    file = tmp_path / "variants.toml"
    head = VARIANTS.partition("[[variant]]")[0]
    file.write_text(
        f'{head}[[variant]]\nid = "cut"\nmore = 2\nwithout = ["west--east"]\n', encoding="utf-8"
    )
    ran = run(tmp_path, "whatif", file)
    assert ran.code == 1, ran.err
    answer = WhatIf.from_json((only_run(tmp_path / "runs") / "whatif.json").read_bytes())
    [cut] = answer.variants
    assert cut.judged.reasons == ["nothing reaches Đông, Điểm bổ sung 2 any more"]
    assert (cut.judged.verdict, cut.judged.binding, cut.bridges) == ("fail", None, 2)
    assert (answer.verdict, answer.answer, answer.tried) == ("fail", None, 0)


def test_variants_side_by_side_the_cheapest_first(tmp_path: Path) -> None:
    small(tmp_path)
    file = tmp_path / "variants.toml"
    file.write_text(VARIANTS, encoding="utf-8")
    ran = run(tmp_path, "whatif", file, "--json")
    assert ran.code == 0, ran.err
    answer = WhatIf.from_json(ran.out)
    assert [v.id for v in answer.variants] == ["c", "b", "a"]
    costs = [v.cost.million_vnd for v in answer.variants if v.cost is not None]
    assert costs == [650 + 120, 700 + 120, 120]
    assert (answer.answer, answer.ordered_by) == ("c", "cost")
    said = (only_run(tmp_path / "runs") / "summary.md").read_text(encoding="utf-8")
    assert "| ▶ | fifteen ports | pass (estimated) |" in said
    assert "4 bridges: 120 million ₫ (framework contract, assumed)" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--link", "west--east"], "like gia-nghia--dak-song=200"),
        (["--link", "west--east=0"], "out of range"),
        (["--new-link", "r-west-r-east=1,2"], "cannot be read"),
        (["--new-link", "r-west--r-far=100,2"], "a link to nowhere"),
        (["--meeting", "many"], "like 8 or 8@r-dak-mil"),
        (["--meeting", "501"], "allowed: 500 or less"),
        (["--meeting", "999999"], "allowed: 500 or less"),
        (["--meeting", "9" * 40], "allowed: 500 or less"),
        (["--meeting", "0" * 40], "allowed: 1 or more"),
        (["--more", "70"], "is exhausted"),
        (["--device", "codian-4505-hd-pluss"], "did you mean"),
        (["--add", "all-2025"], "unknown router"),
        (["--add", ""], '--add = "": is empty'),
        (["--device", "te30", "--cards", "2"], "device and cards are both given"),
        (["--profile", "720p99"], 'giaoban: unknown call profile "720p99"'),
        (["--device", "none"], 'giaoban: device = "none": no such device'),
    ],
)
def test_impossible(tmp_path: Path, words: list[str], said: str) -> None:
    ran = run(tmp_path, "whatif", small(tmp_path), *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert not (tmp_path / "runs").exists()


def _pretend(monkeypatch: pytest.MonkeyPatch, module: object, fail: str | None = None) -> list[str]:
    """Emulations that say what the estimate says; one of them comes to no result."""
    asked: list[str] = []

    def confirm(
        base: object, points: list[confirming.ConfirmationPoint], **_: object
    ) -> dict[str, object]:
        found: dict[str, object] = {}
        for point in points:
            asked.append(point.name if point.failure is None else f"{point.name} {point.failure}")
            variant = point.variant
            question = whatif_run.ask(base, variant).question  # type: ignore[arg-type]
            found[point.name] = (
                InvalidRun("link x: 9 Mb/s") if point.name == fail else estimate(question).result
            )
        return found

    monkeypatch.setattr(module, "confirm", confirm)
    return asked


def test_what_is_confirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer and its neighbour; the only backbone link has no detour: no failure is tried."""
    asked = _pretend(monkeypatch, whatif_run)
    ran = run(tmp_path, "whatif", small(tmp_path), "--more", "4", "--confirm")
    assert ran.code == 1, ran.err
    assert asked == ["calls-as-asked", "calls-lowered", "asked"]
    answer = WhatIf.from_json((only_run(tmp_path / "runs") / "whatif.json").read_bytes())
    confirmed = {v.id: v.confirmed.verdict for v in answer.variants if v.confirmed is not None}
    assert confirmed == {"calls-as-asked": "pass", "calls-lowered": "pass", "asked": "fail"}
    assert answer.failure is None


def test_an_emulation_without_a_result_makes_the_answer_invalid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pretend(monkeypatch, whatif_run, fail="asked")
    ran = run(tmp_path, "whatif", small(tmp_path), "--more", "1", "--confirm")
    assert ran.code == 3, ran.err
    assert "INVALID" in ran.out


def test_headroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four of six ports are 66.7 %, five 83.3 %: two more fit."""
    for name, draw in HEADROOM_DRAWN.items():
        monkeypatch.setattr(headroom_run, name, draw)
    asked = _pretend(monkeypatch, headroom_run.confirm)
    ran = run(tmp_path, "headroom", small(tmp_path), "--confirm", "--jobs", "2")
    assert ran.code == 0, ran.err
    assert "2 more bridges fit beside the 2 that there are (4 in all)" in ran.out
    assert "2 more: pass (emulated); 3 more: fail by MCU capacity in use (emulated)" in ran.out
    assert asked == ["more-2", "more-3"]
    folder = only_run(tmp_path / "runs")
    made = fits_schema(folder, "headroom")
    assert made["more"] == 2
    bottlenecks = made["bottlenecks"]
    assert [b["id"] for b in bottlenecks] == ["mcu", "access-mcu", "west--east"]
    assert (folder / "summary.md").is_file()
    for picture in ("headroom.en", "map.en"):
        assert (folder / f"{picture}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (folder / f"{picture}.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(("limit", "more", "emulated"), [(1, 1, [2, 3, 1]), (3, 3, [2, 3, 4])])
def test_the_emulation_has_the_last_word(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    limit: int,
    more: int,
    emulated: list[int],
) -> None:
    """The estimate says 2; where the emulation says otherwise, the next number is emulated."""
    asked: list[int] = []
    template = estimate(whatif_run.ask(base(tmp_path), Variant(id="t")).question).result

    def confirm(
        _: object, points: list[confirming.ConfirmationPoint], **__: object
    ) -> dict[str, object]:
        asked.extend(point.variant.more for point in points)
        return {
            point.name: template.model_copy(
                update={"verdict": "pass" if point.variant.more <= limit else "fail"}
            )
            for point in points
        }

    monkeypatch.setattr(headroom_run.confirm, "confirm", confirm)
    ran = run(tmp_path, "headroom", small(tmp_path), "--confirm", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["more"] == more
    assert asked == emulated
