"""`giaoban list devices`: calls that MCUs hold, and whether given calls fit on one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict

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
from giaoban.mcu_sim.fit import Fit, fit
from giaoban.results.report.document import Par, Table, pars, table
from giaoban.scenarios.cli.output import print_blocks, print_json
from giaoban.scenarios.spec.project import current

MOST_CALLS = 10_000
STEPS: Mapping[Step, str] = {
    "higher": "a port of the next higher level",
    "lower": "lower resolutions",
    "audio": "sound alone",
    "refuse": "refusal",
}
"""Reactions of a device that has no room for a call as asked."""
COLUMNS = (*VIDEO_RESOLUTIONS, AUDIO)
NOT_CONFIRMED = Par("* not confirmed by a document of the maker", tone="quiet")


def list_all(as_json: bool) -> int:
    """List the devices, with the calls of one resolution that each holds in one conference."""
    devices = load_devices(current().devices).device
    if as_json:
        print_json({"devices": [_summary(device) for device in devices]})
        return 0
    columns = range(2, 2 + len(COLUMNS))
    rows = [
        (
            device.id,
            f"{device.units_total:g} × {device.unit}{_mark(device, 'capacity')}",
            *(f"{fit(device, []).more.get(name, '–')}{_calls_mark(device, name)}"
              for name in COLUMNS),
        )
        for device in devices
    ]  # fmt: skip
    print_blocks(
        table(("id", "units", *COLUMNS), rows, right=columns, keep=(0, *columns)), NOT_CONFIRMED
    )
    return 0


def show(device_id: str, calls: str | None, *, as_json: bool) -> int:
    """Show a device with costs and sources, or whether `calls` fit on it (exit code 1 if not)."""
    device = pick(load_devices(current().devices), device_id)
    if calls is not None:
        return _show_fit(device, fit(device, parse_calls(calls)), as_json=as_json)
    if as_json:
        print_json({**device.model_dump(), **_summary(device)})
        return 0
    refusal = device.refusal
    lines = [
        f"{device.units_total:g} × {device.unit}, {device.ports_total} ports"
        f"{_mark(device, 'capacity')}",
        f"when full: {', '.join(STEPS[step] for step in device.when_full.steps)}"
        f"{_mark(device, 'when_full')}; SIP {refusal.code} {refusal.reason}",
    ]
    print_blocks(
        Par(device.name, bold=True), *pars(lines), _costs(device), *pars(_sources(device)),
        NOT_CONFIRMED,
    )  # fmt: skip
    return 0


def _show_fit(device: Device, found: Fit, *, as_json: bool) -> int:
    if as_json:
        print_json(
            {
                "device": device.id,
                "fits": found.fits,
                "unit": device.unit,
                "units_used": found.units_used,
                "units_total": found.units_total,
                "ports_used": found.ports_used,
                "ports_total": found.ports_total,
                "used_pct": round(found.use.pct, 3),
                "used_of": found.use.of,
                "more": found.more,
                "stepped_down": [asdict(answer) for answer in found.stepped_down],
                "refused": [asdict(answer) for answer in found.refused],
                "assumed": [key for key, _ in device.assumptions()],
            }
        )
        return 0 if found.fits else 1
    verdict = "fits on" if found.fits else "does NOT fit on"
    print_blocks(
        Par(
            f"{verdict} {device.name}: {found.units_used:g} of {found.units_total:g} × "
            f"{device.unit}{_mark(device, 'capacity')}, {found.ports_used} of "
            f"{found.ports_total} ports; {found.use.pct:.4g} % in use, by {found.use.of}",
            bold=True,
            tone="good" if found.fits else "bad",
        ),
        *pars(map(_answer, (*found.stepped_down, *found.refused))),
        table(
            ("resolution", "room for more"),
            [(name, f"{n}{_calls_mark(device, name)}") for name, n in found.more.items()],
            right=(1,),
        ),
        *([NOT_CONFIRMED] if device.assumptions() else []),
    )
    return 0 if found.fits else 1


def parse_calls(text: str) -> list[tuple[int, str]]:
    """Return `[(8, "720p30"), (3, "1080p30")]` of `8x720p30,3x1080p30`. Raises `InputError`."""
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


def _summary(device: Device) -> dict[str, object]:
    """Return the JSON of a device; `calls`: of each resolution alone in one conference."""
    return {
        "id": device.id,
        "name": device.name,
        "unit": device.unit,
        "units_total": device.units_total,
        "ports_total": device.ports_total,
        "audio_ports": device.audio_ports,
        "calls": fit(device, []).more,
        "assumed": [key for key, _ in device.assumptions()],
    }


def _mark(device: Device, *keys: str) -> str:
    assumed = {key for key, _ in device.assumptions()}
    return " *" if assumed.intersection(keys) else ""


def _calls_mark(device: Device, resolution: str) -> str:
    return _mark(device, "capacity", "levels", "reserve", f"cost.{resolution}").strip()


def _costs(device: Device) -> Table:
    rates = device.line_rates.min_kbps if device.line_rates is not None else {}
    calls = fit(device, []).more
    rows = []
    for cost in device.cost:
        name = cost.resolution
        units = f"{cost.units:.4g}{_mark(device, f'cost.{name}')}"
        if device.mixed_cost:
            mixed = device.units_for(name, mixed=True)
            units += f" (mixed: {'–' if mixed is None else f'{mixed:.4g}'})"
        rate = f"{rates[name]:g}{_mark(device, 'line_rates')}" if name in rates else "–"
        rows.append((name, units, f"{calls[name]}{_calls_mark(device, name)}", rate))
    return table(("resolution", "units a call", "calls", "lowest kb/s"), rows, right=(1, 2, 3))


def _sources(device: Device) -> Iterator[str]:
    """Yield a line a source, with the figures that rest on it."""
    resting: dict[str, list[str]] = {}
    for key, figure in device.figures():
        to_settle = f"; to be settled by {figure.settled_by}" if figure.assumed else ""
        mark = " *" if figure.assumed else ""
        resting.setdefault(f"{mark}: {figure.source}{to_settle}", []).append(key)
    for source, keys in resting.items():
        yield f"{', '.join(keys)}{source}"


def _answer(answer: Admission) -> str:
    if answer.accepted:
        return (
            f"call {answer.call_id}: {answer.given} instead of {answer.resolution} "
            f"({answer.reason})"
        )
    return f"call {answer.call_id}: {answer.resolution} refused, {answer.code} {answer.reason}"
