"""What other Python programs may use, as `giaoban.check`, `giaoban.Scenario` and so on.

`Province` and `Scenario` hold the tables of their files, with the keys that stand there, so that
rows of a data frame become bridges and links; the functions take them, or a file, or the name of a
scenario of the program's own. Answers are the models of `result.json`, `headroom.json` and
`whatif.json`.

Whatever is wrong with an input raises `InputError`, which says every mistake with file, line, key,
value and what is allowed.
"""

from __future__ import annotations

import math
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import ValidationError

from giaoban.errors import InputError
from giaoban.files import MOST_ANSWER, read_file, write_whole
from giaoban.processes.cluster import workers_for
from giaoban.processes.ownership import temporary_folder
from giaoban.processes.progress import Progress
from giaoban.processes.workers import worker_beside
from giaoban.results.archive.store import open_run, read_result
from giaoban.results.model.result import Result
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.model.seeds import OTHER_SEEDS
from giaoban.results.model.studies.headroom import Headroom
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.model.studies.whatif import WhatIf
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.estimate import estimate as estimated
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.project import current, project_of, scenario_file
from giaoban.scenarios.spec.project_folder import FILE
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.scenarios.study import check as checks
from giaoban.scenarios.study.headroom import headroom as room
from giaoban.scenarios.study.seeds import SeedsJudge
from giaoban.scenarios.study.sensitivity import sensitivity as study
from giaoban.scenarios.study.whatif.apply import EXISTING, base_of
from giaoban.scenarios.study.whatif.compare import WhatIfRequest, compare
from giaoban.scenarios.study.whatif.variant import UnnamedVariant, Variant
from giaoban.schemas import referring
from giaoban.sentence import Sentence
from giaoban.tomlfile import dumps, parse, read_text, said_by_pydantic
from giaoban.topology.load import load_province
from giaoban.translation import N_

Rows = Iterable[Mapping[str, Any]]
"""Tables of a file, as `DataFrame.to_dict("records")` gives them: None or NaN is no key."""
CHANGED = {
    "source": N_("set by a program that uses giaoban"),
    "assumed": True,
    "settled_by": N_("an offer of the telecom company"),
}


@dataclass(frozen=True)
class _File(ABC):
    """The tables of a TOML file; `origin` is where it lies: paths in it count from there."""

    data: Mapping[str, Any]
    origin: Path
    as_read: bool = False

    @classmethod
    @abstractmethod
    def _checked(cls, path: Path) -> None:
        """Raises `InputError`: the file is wrong."""

    def _rebased(self, _folder: Path) -> dict[str, Any]:
        """The tables as they stand in a file of that folder."""
        return dict(self.data)

    def _of_its_project(self, path: Path) -> None:  # noqa: B027 - only scenarios need it
        """A file that lies elsewhere for a while is of the same project."""

    @classmethod
    def _read(cls, path: Path) -> Self:
        cls._checked(path)
        return cls(parse(path, read_text(path)), path.absolute(), as_read=True)

    def changed(self, **tables: Any) -> Self:
        """The same with other values at keys of the file's top; None takes a key away.

        Example:
            >>> scenario = giaoban.Scenario.load("expansion-gia-nghia-quang-son")
            >>> at_night = scenario.changed(seed=7, profile="sd30-512k")

        Raises:
            InputError: the file would be wrong.
        """
        made = type(self)(_plain({**self.data, **tables}), self.origin)
        with made._file() as _:
            return made

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The tables of a name, as "bridge", for `pandas.DataFrame`; none: an empty list."""
        found = self.data.get(table, [])
        return [dict(row) for row in (found if isinstance(found, list) else [found])]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the file, whole or not at all, with the line for editors in a project that has
        schemas. Raises `InputError`."""
        out = Path(path)
        text = referring(dumps(self._rebased(out.absolute().parent)), out)
        write_whole(out, text.encode())
        return out

    @contextmanager
    def _file(self) -> Iterator[Path]:
        """A file that says so: its own if nothing was changed, else one for as long as it takes."""
        if self.as_read:
            yield self.origin
            return
        with temporary_folder("api") as folder:
            path = folder / self.origin.name
            self._of_its_project(path)
            self.save(path)
            try:
                self._checked(path)
                yield path
            except InputError as error:
                # its lines are those of a file that nobody sees
                said = re.sub(rf"{re.escape(str(path))}(:\d+)?", str(path), str(error))
                shown = said.replace(str(path), f"{self.origin} (changed)")
                raise InputError("{shown}", shown=shown) from None


class Province(_File):
    """A province's conference network, with the keys of `province.toml` (docs/schemas.md).

    Example:
        >>> province = giaoban.Province.load()
        >>> len(province.rows("bridge"))
        8
        >>> slow = [{**link, "rate_mbps": 10.0} for link in province.rows("link")]
        >>> giaoban.estimate("expansion-thin-link", province=province.changed(link=slow)).verdict
    """

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> Province:
        """Read and check a file; without one that of the project that the current folder lies in,
        or the program's own. Raises `InputError`."""
        return cls._read(current().province if path is None else Path(path))

    @classmethod
    def _checked(cls, path: Path) -> None:
        load_province(path)

    @property
    def name(self) -> str:
        """Its name in documents."""
        return str(self.data["name"])


class Scenario(_File):
    """Bridges to be added, and how it is tried, with the keys of a scenario file (docs/schemas.md).

    Example:
        >>> scenario = giaoban.Scenario.load("expansion-gia-nghia-quang-son")
        >>> [bridge["name"] for bridge in scenario.rows("bridge")]
        ['Xã Quảng Sơn']
    """

    @classmethod
    def load(cls, of: str | os.PathLike[str]) -> Scenario:
        """Read and check a file, or a scenario of the project or the program's own by its name.

        Raises:
            InputError: there is no such, or something in it is wrong.
        """
        return cls._read(scenario_file(Path(of)))

    @classmethod
    def _checked(cls, path: Path) -> None:
        load_scenario(path)

    def adding(self, bridges: Rows, **common: Any) -> Scenario:
        """The same with more bridges; `common` are keys of each row that does not say them itself.

        Example:
            >>> rows = [{"id": "xa-moi", "name": "Xã Mới", "router": "r-dak-mil", "km": 5.0}]
            >>> more = scenario.adding(
            ...     rows, rate_mbps=10.0, buffer_packets=200, source="plan of the DIC, 2025"
            ... )

        Raises:
            InputError: a row is wrong: a key is unknown or missing, a value out of range.
        """
        rows = [{**common, **_plain(dict(row))} for row in bridges]
        return self.changed(bridge=[*self.rows("bridge"), *rows])

    def _rebased(self, folder: Path) -> dict[str, Any]:
        data = dict(self.data)
        there, here = project_of(folder / self.origin.name), project_of(self.origin)
        if "province" not in data and there.province.resolve() != here.province.resolve():
            data["province"] = str(here.province.resolve())
        if "devices" not in data and there.devices.resolve() != here.devices.resolve():
            data["devices"] = str(here.devices.resolve())

        def seen(path: str) -> str:
            return os.path.relpath(self.origin.parent / path, folder)

        for key in ("province", "devices"):
            if key in data:
                data[key] = seen(data[key])
        if isinstance(named := data.get("meetings"), list):
            data["meetings"] = [seen(n) if str(n).endswith(".toml") else n for n in named]
        data["recording"] = [{**row, "file": seen(row["file"])} for row in self.rows("recording")]
        return {key: value for key, value in data.items() if value != []}

    def _of_its_project(self, path: Path) -> None:
        files = project_of(self.origin).inputs()
        said = {"schema": "giaoban.project/1"} | {key: str(file) for key, file in files.items()}
        path.with_name(FILE).write_text(dumps(said), encoding="utf-8")


ScenarioLike = Scenario | str | os.PathLike[str]
"""A scenario, its file, or the name of one of the project or the program's own."""
ProvinceLike = Province | str | os.PathLike[str]
"""A province, or its file."""


def estimate(
    scenario: ScenarioLike, *, province: ProvinceLike | None = None, seed: int | None = None
) -> Result:
    """Judge a scenario in seconds, packet by packet, without emulation, at one seed.

    Nothing is written. `check(…, engine="estimate")` tries other seeds as well.

    Example:
        >>> result = giaoban.estimate("expansion-gia-nghia-quang-son")
        >>> result.verdict
        'pass'
        >>> margins = pandas.DataFrame(result.rows("criteria"))[["id", "value", "margin_pct"]]

    Args:
        province: in place of the one that the scenario names.
        seed: in place of the scenario's.

    Raises:
        InputError: an input is wrong, or something in the scenario cannot be estimated.
    """
    with _files(scenario, province) as (path, province_path):
        question = make_question(path, province_path=province_path, seed=seed)
        return estimated(question).result


def check(
    scenario: ScenarioLike,
    *,
    province: ProvinceLike | None = None,
    seed: int | None = None,
    seeds: int | None = None,
    engine: Literal["sandbox", "native", "estimate"] = "sandbox",
    runs: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Do what `giaoban check` does: judge at this seed and at others, and write a run folder.

    The folder is `runs / result.run_id`, with the annex, the page and the evidence.

    Example:
        >>> result = giaoban.check("scenarios/expansion.toml", engine="estimate", runs="runs")
        >>> result.binding.criterion, result.binding.margin_pct

    Args:
        province: in place of the one that the scenario names.
        seed: in place of the scenario's.
        seeds: at how many others it is judged as well; None: as many as usual.
        engine: `sandbox` emulates in virtual time, `native` in this machine's kernel (root),
            `estimate` works it out.
        runs: where the run folder is made; None: where the command makes it.
        progress: told what is being done and the share of it that is done.

    Raises:
        InputError: an input is wrong.
        InvalidRun: the emulation cannot be trusted.
        MachineLacks: the machine misses something; the message says the command that mends it.
    """
    told = progress or _silent
    with _files(scenario, province) as (path, province_path):
        root = current().runs if runs is None else Path(runs)
        question = make_question(path, province_path=province_path, seed=seed)
        now = now_in_vietnam()
        if engine == "estimate":
            return checks.check_by_estimate(
                question, root=root, now=now, progress=told, seeds=seeds
            ).answer
        kind = EngineName(engine)
        return checks.check(
            question, engine=kind, root=root, now=now, progress=told, seeds=seeds
        ).answer


def headroom(
    scenario: ScenarioLike | None = None,
    *,
    province: ProvinceLike | None = None,
    profile: str | None = None,
    device: str | None = None,
    seed: int | None = None,
    seeds: int = OTHER_SEEDS,
    pace_s: float | None = None,
    jobs: int = 1,
    runs: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Headroom:
    """Say by estimate how many more bridges fit: overall, by router, link and device.

    Example:
        >>> room = giaoban.headroom()
        >>> room.more, room.bottlenecks[0].criterion
        >>> per_router = pandas.DataFrame([each.model_dump() for each in room.routers])

    Args:
        scenario: whose bridges are in already; None: those of the province alone.
        province: in place of the one that the scenario names.
        profile: another call profile for all.
        device: another MCU.
        seed: in place of the scenario's.
        seeds: at how many other seeds an answer has to hold, 20 or more.
        pace_s: how far apart bridges join at least, in seconds.
        jobs: processes at a time.
        runs: where its folder is made; None: nothing is kept.
        progress: told what is being done and the share of it that is done.

    Raises:
        InputError: an input is wrong.
    """
    _check_seeds(seeds)
    with (
        _files(scenario or EXISTING, province) as (path, province_path),
        _root(runs) as root,
        worker_beside(jobs) as beside,
    ):
        order = room.HeadroomRequest(
            base=base_of(path, province_path, seed=seed, pace_s=pace_s),
            variant=_checked({"id": "now", "profile": profile, "device": device}, UnnamedVariant),
            jobs=jobs,
            seeds=seeds,
        )
        return room.headroom(
            order,
            judge=estimated,
            root=root,
            now=now_in_vietnam(),
            progress=progress or _silent,
            beside=beside,
        ).answer


def whatif(
    scenario: ScenarioLike | None = None,
    variants: Rows = ({},),
    *,
    province: ProvinceLike | None = None,
    search: bool = True,
    seed: int | None = None,
    seeds: int = OTHER_SEEDS,
    pace_s: float | None = None,
    jobs: int = 1,
    runs: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> WhatIf:
    """Compare variants of a scenario by estimate; find what to buy if none passes.

    Example:
        >>> answer = giaoban.whatif(variants=[{"more": n} for n in (1, 5, 10, 20)])
        >>> [(each.new_bridges, each.final.verdict) for each in answer.variants]

    Args:
        scenario: what variants are different from; None: the bridges of the province alone.
        variants: each with the keys of a `[[variant]]` table (docs/schemas.md): `add`, `more`,
            `bridge`, `profile`, `device`, `cards`, `link`, `new_link`, `meeting`, `without` …; a
            link needs no `source`. Without an `id` they are called `variant-1`, `variant-2` …
        province: in place of the one that the scenario names.
        search: whether to look for the smallest changes if none passes.
        seed: in place of the scenario's.
        seeds: at how many other seeds an answer has to hold, 20 or more.
        pace_s: how far apart bridges join at least, in seconds.
        jobs: processes at a time.
        runs: where its folder is made; None: nothing is kept.
        progress: told what is being done and the share of it that is done.

    Raises:
        InputError: an input is wrong.
    """
    _check_seeds(seeds)
    asked = [_variant(number, row) for number, row in enumerate(variants, start=1)]
    if not asked:
        raise InputError("there is no variant (allowed: at least one)")
    with (
        _files(scenario or EXISTING, province) as (path, province_path),
        _root(runs) as root,
        worker_beside(jobs) as beside,
    ):
        base = base_of(path, province_path, seed=seed, pace_s=pace_s)
        order = WhatIfRequest(
            base=base,
            variants=asked,
            question_en=base.scenario.question,
            question_vi=base.scenario.question_vi,
            look_for=search,
            jobs=jobs,
        )
        judge = SeedsJudge(seeds, helpers=beside)
        told: Progress = progress or _silent
        return compare(order, judge=judge, root=root, now=now_in_vietnam(), progress=told).answer


def _check_seeds(seeds: int) -> None:
    """Raise `InputError` for fewer other seeds than a study needs: one seed decides nothing."""
    if seeds < OTHER_SEEDS:
        raise InputError(
            "seeds = {seeds}: too few (allowed: {least} or more)", seeds=seeds, least=OTHER_SEEDS
        )


def sensitivity(
    scenario: ScenarioLike,
    *,
    province: ProvinceLike | None = None,
    ranges: str | os.PathLike[str] | None = None,
    worlds: int = 0,
    require_robust: float | None = None,
    seed: int | None = None,
    seeds: int = 0,
    jobs: int = 1,
    runs: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """Say by estimate for which world a verdict holds: assumed figures are tried at other values.

    Example:
        >>> answer = giaoban.sensitivity("expansion-gia-nghia-quang-son", jobs=2)
        >>> [(figure.key, figure.value) for figure in answer.deciding]

    Args:
        province: in place of the one that the scenario names.
        ranges: a file that says how far figures may be, before the program's own.
        worlds: so many are drawn as well in which all assumed figures are others at once.
        require_robust: the share of these that has to pass, 0 to 1; without `worlds` 1000 are
            drawn.
        seed: in place of the scenario's.
        seeds: at how many other seeds every world is judged.
        jobs: processes at a time.
        runs: where its folder is made; None: nothing is kept.
        progress: told what is being done and the share of it that is done.

    Raises:
        InputError: an input is wrong, or something in the scenario cannot be estimated.
    """
    with (
        _files(scenario, province) as (path, province_path),
        _root(runs) as root,
        workers_for(jobs) as helpers,
    ):
        return study.sensitivity(
            make_question(path, province_path=province_path, seed=seed),
            root=root,
            now=now_in_vietnam(),
            progress=progress or _silent,
            wanted=study.AnalysisOptions.of(
                worlds,
                require_robust,
                None if ranges is None else Path(ranges),
                seeds=seeds,
            ),
            helpers=helpers,
        ).answer


def load_result(run: str | os.PathLike[str]) -> Result:
    """The answer of a run: of its folder, its `result.json`, or its id among the runs.

    Example:
        >>> result = giaoban.load_result("runs/expansion-20261127-101500")
        >>> worst = pandas.DataFrame(result.rows("streams")).nlargest(5, "delay_p95_ms")

    Raises:
        InputError: there is no such run, or its file is damaged.
    """
    path = Path(run)
    if path.is_file():
        return Result.from_json(read_file(path, most=MOST_ANSWER), str(path))
    return read_result(open_run(os.fspath(run), current().runs, "check"))


def _silent(_what: str, _done: float) -> None:
    pass


@contextmanager
def _files(
    scenario: ScenarioLike, province: ProvinceLike | None
) -> Iterator[tuple[Path, Path | None]]:
    """Files of both, for as long as it takes."""
    with ExitStack() as stack:

        def place(of: _File | str | os.PathLike[str]) -> Path:
            return stack.enter_context(of._file()) if isinstance(of, _File) else Path(of)

        path = scenario_file(place(scenario))
        yield path, None if province is None else place(province)


@contextmanager
def _root(runs: str | os.PathLike[str] | None) -> Iterator[Path]:
    """Where run folders are made; a folder that goes away where nothing is to be kept."""
    if runs is not None:
        yield Path(runs)
        return
    with temporary_folder("api") as folder:
        yield folder


def _variant(number: int, row: Mapping[str, Any]) -> Variant:
    data = {"id": f"variant-{number}", **_plain(dict(row))}
    for key in ("link", "new_link"):
        if isinstance(rows := data.get(key), list):
            data[key] = [{**CHANGED, **each} if "source" not in each else each for each in rows]
    return _checked(data)


def _checked(data: Mapping[str, Any], kind: type[Variant] = Variant) -> Variant:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(
            "{variant}: {key}: {what}",
            variant=str(data["id"]),
            key=".".join(str(part) for part in first["loc"]),
            what=Sentence(said_by_pydantic(dict(first))),
        ) from None


def _plain(value: Any) -> Any:
    """As TOML has it: numbers of NumPy as Python's; None and NaN are left out of tables."""
    if isinstance(value, Mapping):
        plain = {str(key): _plain(item) for key, item in value.items()}
        return {key: item for key, item in plain.items() if item is not None}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):  # a scalar of NumPy
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value
