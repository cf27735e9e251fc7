"""`giaoban device list`, `show` and `fit`: what MCUs hold, and whether a meeting fits on one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from giaoban.errors import InputError, near_names
from giaoban.mcu_sim.admission import Admission
from giaoban.mcu_sim.device import (
    AUDIO,
    KNOWN,
    VIDEO_RESOLUTIONS,
    Device,
    Step,
    load_devices,
    pick,
)
from giaoban.mcu_sim.device_units import unit_of
from giaoban.mcu_sim.fit import Fit, fit
from giaoban.results.report.ci.answers import of_fit
from giaoban.results.report.document import Block, Par, Table, Text, pars, plain, table
from giaoban.results.report.wording import Wording
from giaoban.scenarios.cli import judging
from giaoban.scenarios.cli.commands.data.lists import listed
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.scenarios.spec.project import current
from giaoban.sentence import N_, Both, Sentence, joined, number
from giaoban.translation import translator

MOST_CALLS = 10_000
STEPS: Mapping[Step, str] = {
    "higher": N_("a port of the next higher level"),
    "lower": N_("lower resolutions"),
    "audio": N_("sound alone"),
    "refuse": N_("refusal"),
}
"""What a device does with a call for which it has no room as asked."""
COLUMNS = (*VIDEO_RESOLUTIONS, AUDIO)
NOT_CONFIRMED = Par(
    Sentence("* rests on a figure that is not confirmed (see giaoban device show)"), tone="quiet"
)

app = typer.Typer(
    add_completion=False, help="Look at MCUs and what fits on them.", no_args_is_help=True
)

DeviceId = Annotated[str, typer.Argument(help="id of a device (see giaoban device list)")]


@app.command("list")
def list_(as_json: AsJson = False) -> int:
    """List the devices, with how many calls of one resolution each holds in one conference."""
    devices = load_devices(current().devices).device
    calls = [fit(device, []).more for device in devices]
    return listed(
        "devices",
        [_summary(*of) for of in zip(devices, calls, strict=True)],
        (Sentence("id"), Sentence("units"), *COLUMNS),
        [_device_row(*of) for of in zip(devices, calls, strict=True)],
        NOT_CONFIRMED,
        as_json=as_json,
        right=range(2, 2 + len(COLUMNS)),
        keep=(0, *range(2, 2 + len(COLUMNS))),
    )


def _device_row(device: Device, calls: Mapping[str, int]) -> tuple[str, ...]:
    return (
        device.id,
        Sentence(
            "{units:g} × {unit}{mark}",
            units=device.units_total,
            unit=unit_of(device),
            mark=_mark(device, "capacity"),
        ),
        *(
            f"{calls[name]}{_calls_mark(device, name)}" if name in calls else "–"
            for name in COLUMNS
        ),
    )


@app.command("show")
def show(device_id: DeviceId, as_json: AsJson = False) -> int:
    """Show a device: what calls cost, what it does when full, and where each figure comes from."""
    device = pick(load_devices(current().devices), device_id)
    if as_json:
        print_json({**device.model_dump(), **_summary(device, fit(device, []).more)})
        return 0
    capacity = N_("{units:g} × {unit}, {ports} {ports:port|ports}{mark}")
    if device.audio_ports:
        capacity = N_(
            "{units:g} × {unit}, {ports} {ports:port|ports}, {audio} for audio only{mark}"
        )
    lines: list[str] = [
        Sentence(
            capacity,
            units=device.units_total,
            unit=unit_of(device),
            ports=device.ports_total,
            audio=device.audio_ports,
            mark=_mark(device, "capacity"),
        ),
        Sentence(
            "when full: {steps}{mark}; SIP {code} {reason}{refusal_mark}",
            steps=joined(", ", [Sentence(STEPS[step]) for step in device.when_full.steps]),
            mark=_mark(device, "when_full"),
            code=device.refusal.code,
            reason=device.refusal.reason,
            refusal_mark=_mark(device, "refusal"),
        ),
        Sentence(
            "delays: audio mixing {mixing}{mixing_mark}, picture composing {composing}"
            "{composing_mark}, switching {switching}{switching_mark}",
            mixing=device.audio_mix_delay.text,
            mixing_mark=_mark(device, "audio_mix_delay"),
            composing=device.compose_delay.text,
            composing_mark=_mark(device, "compose_delay"),
            switching=device.forward_delay.text,
            switching_mark=_mark(device, "forward_delay"),
        ),
    ]
    if device.levels is not None:
        ports = ", ".join(f"{name} {number}" for name, number in device.levels.ports.items())
        lines.append(
            Sentence("ports set aside: {ports}{mark}", ports=ports, mark=_mark(device, "levels"))
        )
    if device.reserve is not None:
        lines.append(
            Sentence(
                "reserve: {units:g} a conference{mark}",
                units=device.reserve.units,
                mark=_mark(device, "reserve"),
            )
        )
    lines.append(
        Sentence(
            "content: {units:g} a conference while it is shown{mark}",
            units=device.content.units,
            mark=_mark(device, "content"),
        )
    )
    print_blocks(
        Par(device.name, bold=True),
        *pars(lines),
        _costs(device),
        *pars(_sources(device)),
        Par(Sentence("* not confirmed by a document of the maker"), tone="quiet"),
    )
    return 0


@app.command("fit")
def fit_(
    device_id: DeviceId,
    calls: Annotated[str, typer.Option("--calls", help="such as 8x720p30,3x1080p30")],
    content: Annotated[bool, typer.Option("--content", help="while content is shown")] = False,
    as_json: AsJson = False,
) -> int:
    """Say whether calls fit on a device, admitted in this order (exit code 1 if not)."""
    device = pick(load_devices(current().devices), device_id)
    asked = parse_calls(calls)
    found = fit(device, asked, content=content)
    blocks = _fit(device, found)
    return judging.end(
        of_fit(
            device.id,
            found.use.pct,
            plain(_headline(blocks)),
            _falling_short(found),
            fits=found.fits,
        ),
        *blocks,
        data=lambda: {
            "device": device.id,
            "fits": found.fits,
            "unit": device.unit,
            "units_used": found.units_used,
            "units_total": found.units_total,
            "ports_used": found.ports_used,
            "ports_total": found.ports_total,
            "used_pct": round(found.use.pct, 3),
            "used_of": found.use.of,
            "used_amount": round(found.use.amount, 6),
            "used_total": found.use.total,
            "more": found.more,
            "stepped_down": [asdict(answer) for answer in found.stepped_down],
            "refused": [asdict(answer) for answer in found.refused],
            "assumed": [key for key, _ in device.assumptions()],
        },
        as_json=as_json,
    )


def parse_calls(text: str) -> list[tuple[int, str]]:
    """`8x720p30,3x1080p30` → `[(8, "720p30"), (3, "1080p30")]`. Raises `InputError`."""
    calls = []
    for part in text.split(","):
        match = re.fullmatch(r"([0-9]{1,9}) ?[x×] ?(\S+)", part.strip())
        if match is None:
            raise InputError(
                '--calls = "{text}": "{part}" is not a number of calls at a resolution '
                "(allowed: like 8x720p30,3x1080p30)",
                text=text,
                part=part.strip(),
            )
        number, resolution = int(match[1]), match[2]
        if resolution not in KNOWN:
            hint = near_names("resolution", resolution, KNOWN, every=True)
            raise InputError(
                '--calls = "{text}": unknown resolution "{resolution}"{hint}',
                text=text,
                resolution=resolution,
                hint=hint,
            )
        calls.append((number, resolution))
    total = sum(number for number, _ in calls)
    if not 1 <= total <= MOST_CALLS:
        raise InputError(
            '--calls = "{text}": {total} {total:call|calls} (allowed: 1 to {most_calls} in all)',
            text=text,
            total=total,
            most_calls=MOST_CALLS,
        )
    return calls


def _summary(device: Device, calls: Mapping[str, int]) -> dict[str, object]:
    """`calls`: of each resolution alone in one conference."""
    return {
        "id": device.id,
        "name": device.name,
        "unit": device.unit,
        "units_total": device.units_total,
        "ports_total": device.ports_total,
        "audio_ports": device.audio_ports,
        "calls": calls,
        "assumed": [key for key, _ in device.assumptions()],
    }


def _mark(device: Device, *keys: str) -> str:
    assumed = {key for key, _ in device.assumptions()}
    return " *" if assumed.intersection(keys) else ""


def _resolution(name: str) -> str:
    return Sentence("sound alone") if name == "audio" else name


def _calls_mark(device: Device, resolution: str) -> str:
    return _mark(device, "capacity", "levels", "reserve", f"cost.{resolution}").strip()


def _costs(device: Device) -> Table:
    rates = device.line_rates.min_kbps if device.line_rates is not None else {}
    calls = fit(device, []).more
    rows = []
    for cost in device.cost:
        name = cost.resolution
        units = number(cost.units, ".4g", _mark(device, f"cost.{name}"))
        mixed = device.units_for(name, mixed=True)
        if device.mixed_cost:
            known = "–" if mixed is None else number(mixed, ".4g")
            units = Sentence("{units} (mixed: {mixed})", units=units, mixed=known)
        rate = number(rates[name], after=_mark(device, "line_rates")) if name in rates else "–"
        rows.append((_resolution(name), units, f"{calls[name]}{_calls_mark(device, name)}", rate))
    return table(
        (
            Sentence("resolution"),
            Sentence("units a call"),
            Sentence("calls"),
            Sentence("lowest kb/s"),
        ),
        rows,
        right=(1, 2, 3),
    )


def _sources(device: Device) -> list[Sentence]:
    """A line a source, with the figures that rest on it."""
    resting: dict[Sentence, list[str]] = {}
    for key, figure in device.figures():
        (en, settled), (vi, settled_vi) = (figure.said(translator(each)) for each in ("en", "vi"))
        resting.setdefault(
            Sentence(
                " *: {source}; to be settled by {what}",
                source=Both(en, vi),
                what=Both(settled, settled_vi),
            )
            if figure.assumed
            else Sentence(": {source}", source=Both(en, vi)),
            [],
        ).append(key)
    return [joined("", [joined(", ", keys), text]) for text, keys in resting.items()]


def _headline(blocks: list[Block]) -> Text:
    head, *_ = (block.text for block in blocks if isinstance(block, Par))
    return head


def _falling_short(found: Fit) -> list[str]:
    """Calls that do not get what they ask for."""
    return [_of(answer) for answer in (*found.stepped_down, *found.refused)]


def _fit(device: Device, found: Fit) -> list[Block]:
    verdict = Sentence("fits on") if found.fits else Sentence("does NOT fit on")
    rows = [
        (_resolution(name), f"{number}{_calls_mark(device, name)}")
        for name, number in found.more.items()
    ]
    return [
        Par(
            Sentence(
                "{verdict} {device}: {units_used:g} of {units_total:g} × {unit}{mark}, "
                "{ports_used} of {ports_total} {ports_total:port|ports}; {amount} % in use, by "
                "{things} ({left} of {all})",
                verdict=verdict,
                device=device.name,
                units_used=found.units_used,
                units_total=found.units_total,
                unit=unit_of(device),
                mark=_mark(device, "capacity"),
                ports_used=found.ports_used,
                ports_total=found.ports_total,
                amount=_amount(found.use.pct),
                things=Both(
                    Wording("en").things(found.use.of),
                    partial(Wording("vi").things, found.use.of),
                ),
                left=_amount(found.use.amount),
                all=_amount(found.use.total),
            ),
            bold=True,
            tone="good" if found.fits else "bad",
        ),
        *pars(_falling_short(found)),
        table((Sentence("resolution"), Sentence("room for more")), rows, right=(1,)),
        *([NOT_CONFIRMED] if device.assumptions() else []),
    ]


def _amount(value: float) -> Sentence:
    return number(round(value, 2))


def _of(answer: Admission) -> str:
    if answer.accepted:
        what = Sentence(
            "{given} instead of {resolution} ({reason})",
            given=answer.given,
            resolution=answer.resolution,
            reason=answer.reason,
        )
    else:
        what = Sentence(
            "{resolution} refused, {code} {reason}",
            resolution=answer.resolution,
            code=answer.code,
            reason=answer.reason,
        )
    return Sentence("call {call}: {what}", call=answer.call_id, what=what)
