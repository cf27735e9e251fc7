"""`giaoban calendar` as it is typed."""

from pathlib import Path

import pytest
from scenario_factory import giaoban, only_run

from giaoban.results.model.studies.calendar import CalendarAnswer

HEAD = "nội dung,bắt đầu,số phút,thành phần,ngày đăng ký\n"
KEPT = f'{HEAD}Hai huyện,02/03/2027 08:00,60,"Cư Jút, Đắk Mil",01/02/2027 08:00\n'
CLASH = f'{KEPT}Hai huyện khác,02/03/2027 08:30,60,"Đắk Mil, Tuy Đức",02/02/2027 08:00\n'
FROM = ("--first-day", "2027-01-01", "--estimate", "--peaks", "1")


def written(folder: Path, text: str, name: str = "year.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_calendar_that_is_kept(tmp_path: Path) -> None:
    path, results = written(tmp_path, KEPT), tmp_path / "runs"
    ran = giaoban("--lang", "vi", "calendar", path, *FROM, "--results", results)
    assert (ran.code, "ĐẠT – mọi quy định được tuân thủ" in ran.out) == (0, True), ran
    run = only_run(results)
    assert {each.name for each in run.iterdir()} >= {
        "calendar.json",
        "calendar.ics",
        "calendar.vi.pdf",
        "summary.md",
    }
    assert f"lần chạy: {run}" in ran.out.replace("\n", "")


def test_a_clash_is_exit_code_1(tmp_path: Path) -> None:
    path, results = written(tmp_path, CLASH), tmp_path / "runs"
    ran = giaoban("calendar", path, *FROM, "--json", "--results", results)
    assert ran.code == 1
    answer = CalendarAnswer.model_validate_json(ran.out)
    (finding,) = answer.findings
    assert (finding.rule, finding.bridges) == ("bridge-in-two-meetings", ["dak-mil"])
    assert finding.gives_way == answer.booked[1].id


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (KEPT, (), "ends before 2028-01-01"),
        (KEPT, ("--first-day", "soon"), '--first-day = "soon": is no day (allowed: 2026-03-02)'),
        (KEPT, ("--first-day", "2027-01-01", "--last-day", "2"), '--last-day = "2": is no day'),
        (
            KEPT.replace("Cư Jút", "Cư Jít"),
            ("--first-day", "2027-01-01"),
            ':2: "Cư Jít": unknown bridge',
        ),
        (HEAD, ("--first-day", "2027-01-01"), "has no meeting (allowed: a line of titles and one"),
    ],
)
def test_a_mistake_is_exit_code_2_and_leaves_nothing(
    text: str, words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    path, results = written(tmp_path, text), tmp_path / "runs"
    given = words or ("--first-day", "2028-01-01")
    ran = giaoban("calendar", path, *given, "--estimate", "--results", results)
    assert ran.code == 2
    assert said in ran.err
    assert not results.exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    ran = giaoban("calendar", tmp_path / "none.ics", "--results", tmp_path / "runs")
    assert ran.code == 2
    assert "none.ics" in ran.err


def test_an_expansion_is_planned_with_its_bridges(tmp_path: Path) -> None:
    """A briefing is of all bridges, those that the scenario adds among them."""
    root = Path(__file__).parents[5] / "scenarios"
    text = HEAD.replace("thành phần", "loại cuộc họp")
    path = written(
        tmp_path, f"{text}Giao ban,02/03/2027 08:00,60,monthly-briefing,01/02/2027 08:00\n"
    )
    expansion = root / "expansion-gia-nghia-quang-son.toml"
    ran = giaoban(
        *("calendar", path, *FROM, "--peaks", "0", "--json"),
        *("--scenario", expansion, "--results", tmp_path / "runs"),
    )
    answer = CalendarAnswer.model_validate_json(ran.out)
    [held] = answer.booked
    assert {*held.participants} > {"gia-nghia", "quang-son"}
    assert answer.periods[0].calls == len(held.participants) == 10
