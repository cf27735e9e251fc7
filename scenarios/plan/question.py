"""Scenario file → question: all that it names is read, and checked as a whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from giaoban import tomlfile
from giaoban.errors import InputError, allowed, near_names, unknown
from giaoban.files import sum_before_reading
from giaoban.mcu_sim.conference.commands import Drop, Layout, Redial, subject
from giaoban.mcu_sim.conference.effects import OPERATOR
from giaoban.mcu_sim.device import DEFAULT_PATH as DEVICES
from giaoban.mcu_sim.device import Device, DeviceCatalogue, load_devices
from giaoban.mcu_sim.media.audio.codec import FRAME_MS, is_mixed
from giaoban.mcu_sim.sdp.h264 import LEVELS
from giaoban.results.judge.criteria import DEFAULT_PATH as CRITERIA
from giaoban.scenarios.plan.plan import MEETING, Plan, at_seed, make_plan
from giaoban.scenarios.plan.recordings import (
    files_of,
    read_recordings,
    recording_mistakes,
)
from giaoban.scenarios.spec.background import mistakes as background_mistakes
from giaoban.scenarios.spec.failure_cases import acceptance_mistakes
from giaoban.scenarios.spec.faults.kind import BootTimes, FaultContext
from giaoban.scenarios.spec.faults.validate import mistakes as fault_mistakes
from giaoban.scenarios.spec.impairment import mistakes as impairment_mistakes
from giaoban.scenarios.spec.meeting_catalogue import catalogue, catalogue_mistakes
from giaoban.scenarios.spec.project import Project, current, project_of
from giaoban.scenarios.spec.scenario import Control, Scenario, load_scenario
from giaoban.sentence import Sentence
from giaoban.tomlfile import Mistake
from giaoban.topology.load import load_province
from giaoban.topology.model import Province
from giaoban.topology.network import build
from giaoban.topology.validate import bridge_mistakes, change_mistakes
from giaoban.traffic.profiles import Profiles, load_profiles, too_many_key_frames
from giaoban.traffic.recorded.recording import Recording

REDIAL_AFTER_S = 2.0
"""A bridge hands the kernel its media a second ahead, which a hang-up does not call back."""


@dataclass(frozen=True)
class Question:
    """A plan together with the inputs it was made from, which the documents show.

    `meetings` are the files of the catalogue's that it is to be tried in as well. `as_read` are the
    sums of all its files from before they were read: an answer that is told of others is refused.
    Questions that are made of one another share it. `of_another`: it is one of many that one answer
    is put together of, which looks at the files itself.
    """

    plan: Plan
    scenario: Scenario
    scenario_path: Path
    province: Province
    province_path: Path
    profiles: Profiles
    recordings: dict[str, Recording]
    files: list[Path]
    devices_path: Path = DEVICES
    criteria_path: Path = CRITERIA
    meetings: list[Path] = field(default_factory=list)
    as_read: dict[Path, str] = field(default_factory=dict)
    of_another: bool = False

    def __post_init__(self) -> None:
        """Sum those of its files that are read later: criteria, and the catalogue's meetings."""
        named = (self.scenario_path, self.province_path, self.devices_path, self.criteria_path)
        sum_before_reading([*named, *self.files, *self.meetings], self.as_read)

    def at_seed(self, seed: int) -> Question:
        return replace(self, plan=at_seed(self.plan, self.scenario, seed))

    def with_scenario(self, scenario: Scenario) -> Question:
        """The same question about another scenario, as if that stood in its file.

        Raises `InputError`.
        """
        return question_from(
            scenario,
            self.scenario_path,
            self.province,
            self.province_path,
            seed=self.plan.seed,
            as_read=self.as_read,
        )


@dataclass(frozen=True)
class HeldWith:
    """What meetings are held with: the scenario, the province, and their files.

    `as_read`: the sums of all files of the answer from before they were read, as `Question` has
    them.
    """

    base: Scenario
    base_path: Path
    province: Province
    province_path: Path
    as_read: dict[Path, str]

    def question(self, scenario: Scenario, seed: int | None = None) -> Question:
        """What is asked of a meeting that is held so. Raises `InputError`."""
        return question_from(
            scenario,
            self.base_path,
            self.province,
            self.province_path,
            seed=seed,
            as_read=self.as_read,
        )


def held_with(scenario: Path | None, province: Path | None, as_read: dict[Path, str]) -> HeldWith:
    """Read what meetings are held with; without a scenario it is the province as it is.

    `as_read`: the sums of what was read already, to which those of these files are added. Raises
    `InputError`.
    """
    if scenario is None:
        path = (province or current().province).resolve()
        base, base_path = plain_scenario(path), path
    else:
        sum_before_reading([scenario], as_read)
        base, base_path = load_scenario(scenario), scenario
        path = province or province_of(base, scenario)
    sum_before_reading([path], as_read)
    return HeldWith(base, base_path, load_province(path), path, as_read)


def plain_scenario(province_path: Path) -> Scenario:
    """A province as it is, for meetings that no scenario is named for."""
    return Scenario.model_validate(
        {
            "schema": "giaoban.scenario/1",
            "id": "meeting",
            "question": "?",
            "question_vi": "?",
            "province": str(province_path),
        }
    )


def make_question(
    scenario_path: Path,
    *,
    province_path: Path | None = None,
    seed: int | None = None,
    pcap: Sequence[str] = (),
    change: Callable[[Scenario], Scenario] | None = None,
    all_from_start: bool = False,
    as_read: dict[Path, str] | None = None,
    project: Project | None = None,
) -> Question:
    """Read a scenario and all it names, check it as a whole, and make the plan.

    `change` makes another scenario of the one that was read, before it is checked. With
    `all_from_start` new bridges dial when the existing ones do. `as_read`: that of the question
    which this one belongs to. `project`: in place of the one that the file lies in.

    Raises:
        InputError: every mistake with file, line, key, value and what is allowed.
    """
    as_read = {} if as_read is None else as_read
    sum_before_reading([scenario_path], as_read)
    written = load_scenario(scenario_path)
    if change is not None:
        written = change(written)
    province_path = province_path or province_of(written, scenario_path)
    sum_before_reading([province_path], as_read)
    return question_from(
        written,
        scenario_path,
        load_province(province_path),
        province_path,
        seed=seed,
        pcap=pcap,
        all_from_start=all_from_start,
        as_read=as_read,
        project=project,
    )


def province_of(scenario: Scenario, scenario_path: Path) -> Path:
    """The province's file that a scenario names; that of its project if it names none."""
    if scenario.province is None:
        return project_of(scenario_path).province.resolve()
    return (scenario_path.parent / scenario.province).resolve()


def devices_of(scenario: Scenario, scenario_path: Path, project: Project | None = None) -> Path:
    """The file of MCUs that a scenario names; that of its project, or of another, if it names
    none."""
    if scenario.devices is None:
        return (project or project_of(scenario_path)).devices.resolve()
    return (scenario_path.parent / scenario.devices).resolve()


def question_from(
    scenario: Scenario,
    scenario_path: Path,
    province: Province,
    province_path: Path,
    *,
    seed: int | None = None,
    pcap: Sequence[str] = (),
    all_from_start: bool = False,
    on_device: Callable[[Device], Device] | None = None,
    profiles: Profiles | None = None,
    as_read: dict[Path, str] | None = None,
    project: Project | None = None,
) -> Question:
    """The same of a scenario and a province that were read, and perhaps changed, already.

    The paths say where they were read. `on_device` makes another device of the one that is named;
    `profiles` are in the place of the program's own. `as_read`: the sums of what was read already,
    to which those of further files are added. `project`: as of `make_question`.

    Raises:
        InputError: as `make_question`.
    """
    project = project or project_of(scenario_path)
    devices_path = devices_of(scenario, scenario_path, project)
    files = files_of(scenario, scenario_path)
    as_read = {} if as_read is None else as_read
    sum_before_reading([scenario_path, province_path, devices_path, *files], as_read)
    if scenario.qos is not None:
        province = province.model_copy(update={"qos": scenario.qos})
    profiles = load_profiles() if profiles is None else profiles
    profiles = profiles.with_encoder(scenario.encoder)
    devices = load_devices(devices_path)
    astray = list(_network_mistakes(scenario, province))
    found = [
        *astray,
        *_call_mistakes(scenario, profiles, devices),
        *_encoder_mistakes(scenario, profiles),
        *_meeting_mistakes(scenario, province),
        *_control_mistakes(scenario, province),
        *_content_mistakes(scenario, province, profiles),
        *catalogue_mistakes(scenario.meetings, scenario_path),
        *recording_mistakes(scenario, _bridges(scenario, province)),
    ]
    if not astray:
        network = build(province, scenario.new_bridges, scenario.link_changes)
        found += impairment_mistakes(
            scenario.impairments,
            network,
            scenario.phases.total_s,
            encrypted=scenario.meeting.encrypted,
            slides=_slides(scenario),
        )
        recovery = profiles.recovery
        found += fault_mistakes(
            scenario.faults,
            scenario.impairments,
            FaultContext(
                network,
                province.groups,
                BootTimes(recovery.bridge_boot_s, recovery.mcu_boot_s),
            ),
            scenario.phases.total_s,
        )
        found += acceptance_mistakes(scenario.accepted, network, province.groups)
        found += background_mistakes(
            scenario.background,
            network,
            scenario.phases.total_s,
        )
    if found:
        raise tomlfile.mistakes(scenario_path, found)
    device = _device(scenario, province, devices, province_path)
    if on_device is not None:
        device = on_device(device)
    profile = profiles.pick(scenario.profile)
    if device.units_for(profile.resolution) is None or profile.resolution not in LEVELS:
        able = [name for name in device.resolutions() if name in LEVELS]
        what = Sentence(
            "is {resolution}, {device} does not do it (allowed: {able})",
            resolution=profile.resolution,
            device=device.name,
            able=", ".join(able),
        )
        raise tomlfile.mistakes(scenario_path, [(("profile",), profile.id, what)])
    bridges = _bridges(scenario, province)
    for name in pcap:
        if name not in bridges:
            raise InputError(
                '--pcap = "{name}": unknown bridge{near}',
                name=name,
                near=near_names("bridge", name, bridges),
            )
    try:
        plan = make_plan(
            scenario,
            network,
            device,
            profile,
            profiles,
            chair=province.chair.id,
            seed=scenario.seed if seed is None else seed,
            pcap=pcap,
            groups=province.groups,
            all_from_start=all_from_start,
        )
    except InputError as error:
        raise InputError(
            "{scenario_path}: {error}", scenario_path=scenario_path, error=error
        ) from None
    recordings = read_recordings(scenario, scenario_path, plan.video)
    return Question(
        plan,
        scenario,
        scenario_path,
        province,
        province_path,
        profiles,
        recordings,
        files,
        devices_path,
        project.criteria.resolve(),
        catalogue(scenario.meetings, scenario_path),
        as_read,
    )


def _bridges(scenario: Scenario, province: Province) -> list[str]:
    """Those of the province, then those to be added."""
    return [bridge.id for bridge in (*province.bridges, *scenario.new_bridges)]


def _slides(scenario: Scenario) -> tuple[str, float, float] | None:
    """Who shows slides, from when to when after the first phase began."""
    shown = scenario.content
    if shown is None:
        return None
    length_s = scenario.phases.total_s
    return shown.bridge, shown.from_s, length_s if shown.to_s is None else shown.to_s


def _network_mistakes(scenario: Scenario, province: Province) -> Iterator[Mistake]:
    bridges, changes = scenario.new_bridges, scenario.link_changes
    for found in bridge_mistakes(province, bridges):
        yield ("bridge", *found.loc), found.value, found.what
    for found in change_mistakes(province, bridges, changes):
        yield ("link", *found.loc), found.value, found.what


def _call_mistakes(
    scenario: Scenario, profiles: Profiles, devices: DeviceCatalogue
) -> Iterator[Mistake]:
    known = [profile.id for profile in profiles.profile]
    if scenario.profile not in known:
        what = Sentence(
            "unknown call profile{instead_of}", instead_of=profiles.instead_of(scenario.profile)
        )
        yield ("profile",), scenario.profile, what
    sound = {encoding.id: encoding for encoding in profiles.audio}
    for profile in profiles.profile:
        if profile.id != scenario.profile:
            continue
        if not is_mixed(sound[profile.audio]):
            what = Sentence(
                "has {audio} in packets of {packet_ms} ms, the MCU does not mix them (allowed: "
                "{frame_ms} ms)",
                audio=profile.audio,
                packet_ms=sound[profile.audio].packet_ms,
                frame_ms=FRAME_MS,
            )
            yield ("profile",), scenario.profile, what
        if scenario.meeting.silence_suppression and sound[profile.audio].dtx == "none":
            what = Sentence(
                "{audio} of the call profile {profile} cannot leave out pauses (allowed: false, or "
                "a profile with one of {able})",
                audio=profile.audio,
                profile=profile.id,
                able=", ".join(each.id for each in profiles.audio if each.dtx != "none"),
            )
            yield ("meeting", "silence_suppression"), True, what
    known = [device.id for device in devices.device]
    if scenario.device is not None and scenario.device not in known:
        yield ("device",), scenario.device, unknown("device", scenario.device, known)


def _meeting_mistakes(scenario: Scenario, province: Province) -> Iterator[Mistake]:
    """A bridge sits in one meeting at a time, and a meeting's chair in its own."""
    known = _bridges(scenario, province)
    settings, chair = scenario.meeting, scenario.meeting.chair or province.chair.id
    tables: list[tuple[tuple[str | int, ...], str, list[str] | None]] = [
        (("meeting",), chair, settings.participants)
    ]
    tables += [
        (("concurrent_meeting", number), each.chair, each.participants)
        for number, each in enumerate(scenario.concurrent)
    ]
    sits: dict[str, tuple[str | int, ...]] = {}
    for loc, chairs, participants in tables:
        for place, who in enumerate(participants or ()):
            if who not in known:
                yield (*loc, "participants", place), who, unknown("bridge", who, known)
            elif who in sits:
                what = Sentence("is in a meeting already (allowed: one)")
                yield (*loc, "participants", place), who, what
            sits[who] = loc
        if chairs not in known:
            yield (*loc, "chair"), chairs, unknown("bridge", chairs, known)
        elif participants is not None and chairs not in participants:
            what = Sentence("is no participant{among}", among=allowed(participants))
            yield (*loc, "chair"), chairs, what
    if settings.participants is None:
        left = [who for who in known if who not in sits]
        if len(left) < 2:
            what = Sentence("has no member but the chair (allowed: two bridges or more)")
            if scenario.concurrent:
                what = Sentence("has nobody left (allowed: two bridges or more)")
            yield ("meeting", "participants"), None, what
        elif chair not in left and chair in known:
            what = Sentence("is in another meeting{among}", among=allowed(left))
            yield ("meeting", "chair"), chair, what
    cascaded: set[str] = set()
    for number, outside in enumerate(scenario.outside_mcus):
        loc = ("outside_mcu", number, "bridge")
        if outside.bridge not in known:
            yield loc, outside.bridge, unknown("bridge", outside.bridge, known)
        elif outside.bridge in cascaded:
            yield loc, outside.bridge, Sentence("is there twice")
        cascaded.add(outside.bridge)
    ids = [MEETING, *(each.id for each in scenario.concurrent)]
    for number, each in enumerate(scenario.concurrent):
        if each.id in ids[: number + 1]:
            yield ("concurrent_meeting", number, "id"), each.id, Sentence("is there twice")
        if each.from_s is not None and each.from_s >= scenario.phases.total_s:
            length_s = scenario.phases.total_s
            what = Sentence(
                "is after the run (allowed: below {length_s} s)", length_s=f"{length_s:g}"
            )
            yield ("concurrent_meeting", number, "from_s"), each.from_s, what
        if scenario.meeting.video == "switched" and each.layout != "auto":
            what = Sentence('means nothing with meeting.video = "switched"')
            yield ("concurrent_meeting", number, "layout"), each.layout, what


def _encoder_mistakes(scenario: Scenario, profiles: Profiles) -> Iterator[Mistake]:
    encoder = scenario.encoder
    if encoder is None:
        return
    if encoder.profile not in [profile.id for profile in profiles.profile]:
        near = profiles.instead_of(encoder.profile)
        what = Sentence("unknown call profile{instead_of}", instead_of=near)
        yield ("encoder", "profile"), encoder.profile, what
    for profile in profiles.profile:
        if profile.id == scenario.profile:
            too_many = too_many_key_frames(encoder, profile.fps)
            if too_many is not None:
                yield ("encoder", "key_ratio"), encoder.key_ratio, too_many


def _content_mistakes(
    scenario: Scenario, province: Province, profiles: Profiles
) -> Iterator[Mistake]:
    shown = scenario.content
    if shown is None:
        return
    elsewhere = {who for each in scenario.concurrent for who in each.participants}
    known = [who for who in _bridges(scenario, province) if who not in elsewhere]
    known = scenario.meeting.participants or known
    chair = scenario.meeting.chair or province.chair.id
    if shown.bridge not in known:
        what = Sentence(
            "is no bridge of the meeting{near}", near=near_names("bridge", shown.bridge, known)
        )
        if shown.bridge not in _bridges(scenario, province):
            what = unknown("bridge", shown.bridge, known)
        yield ("content", "bridge"), shown.bridge, what
    elif shown.bridge != chair and scenario.meeting.floor != "open":
        what = Sentence(
            'has not the floor (allowed: {chair}, or meeting.floor = "open")', chair=chair
        )
        yield ("content", "bridge"), shown.bridge, what
    length_s = scenario.phases.total_s
    if shown.from_s >= length_s:
        what = Sentence(
            "begins after the run (allowed: below {length_s} s)", length_s=f"{length_s:g}"
        )
        yield ("content", "from_s"), shown.from_s, what
    named = [p for p in profiles.profile if p.id == scenario.profile]
    if shown.kbps is None and named and named[0].content_kbps is None:
        able = [p.id for p in profiles.profile if p.content_kbps is not None]
        what = Sentence(
            "is missing, and the call profile {profile} has none (allowed: "
            "kbps here, or a profile with content: {able})",
            profile=scenario.profile,
            able=", ".join(able),
        )
        yield ("content", "kbps"), None, what


def _control_mistakes(scenario: Scenario, province: Province) -> Iterator[Mistake]:
    bridges = _bridges(scenario, province)
    meetings = [meeting.id for meeting in scenario.concurrent]
    length_s = scenario.phases.total_s
    for number, control in enumerate(scenario.controls):
        loc = ("control", number)
        if control.at_s >= length_s:
            what = Sentence(
                "is after the run (allowed: below {length_s} s)", length_s=f"{length_s:g}"
            )
            yield (*loc, "at_s"), control.at_s, what
        givers = [OPERATOR.value, *bridges]
        if control.by not in givers:
            yield (*loc, "by"), control.by, unknown("bridge", control.by, givers)
        if control.meeting is not None and control.meeting not in meetings:
            near = near_names("concurrent meeting", control.meeting, meetings)
            what = Sentence("unknown concurrent meeting{near}", near=near)
            yield (*loc, "meeting"), control.meeting, what
        if (soon := _too_soon(scenario, control)) is not None:
            yield (*loc, "at_s"), control.at_s, soon
        named = subject(control.do)
        if named and named not in bridges:
            yield (*loc, "do", "participant"), named, unknown("bridge", named, bridges)
        if isinstance(control.do, Layout) and scenario.meeting.video == "switched":
            what = Sentence('there are no layouts with meeting.video = "switched"')
            yield (*loc, "do", "command"), control.do.command, what


def _too_soon(scenario: Scenario, control: Control) -> Sentence | None:
    """What is wrong with a redial right after a drop: the old call's packets are on their way."""
    if not isinstance(control.do, Redial):
        return None
    dropped_s = [
        c.at_s
        for c in scenario.controls
        if isinstance(c.do, Drop) and c.do.participant == control.do.participant
    ]
    last_s = max((at_s for at_s in dropped_s if at_s <= control.at_s), default=-math.inf)
    if control.at_s - last_s >= REDIAL_AFTER_S:
        return None
    return Sentence(
        "redials too soon (allowed: {redial_after_s} s or more after the drop at {last_s} s)",
        redial_after_s=f"{REDIAL_AFTER_S:g}",
        last_s=f"{last_s:g}",
    )


def _device(
    scenario: Scenario, province: Province, devices: DeviceCatalogue, province_path: Path
) -> Device:
    wanted = scenario.device or province.mcu.device
    for device in devices.device:
        if device.id == wanted:
            return device
    what = unknown("device", wanted, [device.id for device in devices.device])
    raise tomlfile.mistakes(province_path, [(("mcu", "device"), wanted, what)])
