"""`giaoban profile`: the call profiles, and what a recording says of an encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from giaoban import tomlfile
from giaoban.errors import InputError
from giaoban.files import refuse_changed, sum_before_reading
from giaoban.results.report.document import Par, Table, table
from giaoban.scenarios.cli.commands.data.lists import listed
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.scenarios.plan.recordings import is_capture, open_recording
from giaoban.sentence import Sentence, number
from giaoban.tomlfile import said_by_pydantic
from giaoban.traffic.profiles import DEFAULT_PROFILE, Profile, RecordedEncoder, load_profiles
from giaoban.traffic.recorded.encoder_fit import (
    DRAWS,
    LAGS,
    WINDOWS,
    EncoderFit,
    Statistics,
    fit_encoder,
)
from giaoban.traffic.recorded.sources import FPS

profiles = typer.Typer(help="Call profiles.", no_args_is_help=True, add_completion=False)


@profiles.command("list")
def list_profiles(as_json: AsJson = False) -> int:
    """List the call profiles: resolution, frames, rates and sound of each."""
    found = load_profiles().profile
    mark = any(profile.assumed for profile in found)
    return listed(
        "profiles",
        [profile.model_dump() for profile in found],
        (
            Sentence("id"),
            Sentence("resolution"),
            Sentence("frames/s"),
            Sentence("video kb/s"),
            Sentence("audio"),
            Sentence("content kb/s"),
        ),
        [
            (
                p.id,
                p.resolution,
                str(p.fps),
                number(p.video_kbps, after=" *" if p.assumed else ""),
                p.audio,
                "–" if p.content_kbps is None else number(p.content_kbps),
            )
            for p in found
        ],
        *([Par(Sentence("* assumed"), tone="quiet")] if mark else []),
        as_json=as_json,
        right=(2, 3, 5),
    )


@profiles.command("fit")
def fit_profile(
    file: Annotated[
        Path,
        typer.Argument(help="a capture of RTP (.pcap, .pcapng), or an H.264 byte stream (Annex B)"),
    ],
    profile: Annotated[
        str, typer.Option(help="call profile that was recorded (giaoban profile list)")
    ] = DEFAULT_PROFILE,
    ssrc: Annotated[
        str | None, typer.Option(metavar="SSRC", help="which stream of a capture with several")
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(
            "--fps",
            min=FPS[0],
            max=FPS[1],
            help="frames a second of a byte stream, in place of those that it says",
        ),
    ] = None,
    as_toml: Annotated[
        bool, typer.Option("--toml", help="print what a scenario is to say, and nothing else")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Fit the encoder's figures to recorded pictures, and say how near the model comes to them."""
    known = load_profiles()
    call, usual = known.pick(profile), known.encoder
    as_read: dict[Path, str] = {}
    sum_before_reading([file], as_read)
    recording = open_recording(
        file,
        ssrc=_ssrc(ssrc),
        fps=fps,
        max_payload=usual.max_payload,
        spread=usual.spread,
    )
    fit = fit_encoder(recording, usual, str(file), timed=is_capture(file))
    refuse_changed(as_read)
    scenario = _scenario(fit, file, as_read[file], call)
    if as_json:
        print_json({**asdict(fit), "scenario": scenario})
        return 0
    if not as_toml:
        print_blocks(*_shown(fit), Par(Sentence("In a scenario:")))
    typer.echo(tomlfile.dumps(scenario), nl=False)
    return 0


def _ssrc(text: str | None) -> int | None:
    """An SSRC as people write it, decimal or hexadecimal. Raises `InputError`."""
    if text is None:
        return None
    try:
        value = int(text, 0)
    except ValueError:
        value = -1
    if not 0 <= value < 2**32:
        raise InputError(
            "--ssrc = {text}: is no SSRC (allowed: 0 to 4294967295, or 0x0 to 0xffffffff)",
            text=text,
        )
    return value


def _scenario(fit: EncoderFit, file: Path, summed: str, call: Profile) -> dict[str, Any]:
    """What a scenario says of it: its table `encoder`. Raises `InputError`: no scenario may."""
    source = Sentence(
        "fitted to {file} (SHA-256 {sum}) by giaoban profile fit: {frames} {frames:frame|frames} "
        "in {seconds:.0f} s ({fps:.4g} a second where none is left out), {keys} of them key "
        "{keys:frame|frames}; largest gap between the distributions of sizes {gap:.2f}, with the "
        "program's figures {usual:.2f}. Not told by a recording, and the program's: {kept}",
        file=file.name,
        sum=summed[:16],
        frames=fit.frames,
        seconds=fit.seconds,
        fps=fit.fps,
        keys=fit.key_frames,
        gap=fit.fitted.distance,
        usual=fit.usual.distance,
        kept=", ".join(fit.kept),
    )
    settled_by = Sentence("recordings of whole meetings by the endpoints that are used")
    table = {
        "profile": call.id,
        "video_kbps": round(fit.kbps, 1),
        **fit.figures_at(call.fps),
        **fit.kept,
        "source": source.en,
        "source_vi": source.vi,
        "assumed": True,
        "settled_by": settled_by.en,
        "settled_by_vi": settled_by.vi,
    }
    try:
        RecordedEncoder.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise InputError(
            "{file}: {key} = {value}: {what}",
            file=file,
            key=key,
            value=first["input"],
            what=said_by_pydantic(first),
        ) from None
    return {"encoder": table}


def _entry(one: Statistics, series: str, place: int) -> Sentence:
    return number(getattr(one, series)[place], ".2f")


_FIGURES: tuple[tuple[Sentence, Callable[[Statistics], Sentence]], ...] = (
    (Sentence("σ of the logarithm of sizes"), lambda one: number(one.sigma, ".3f")),
    (Sentence("key frames, in mean frames"), lambda one: number(one.key_ratio, ".2f")),
    *(
        (
            Sentence("correlation of sizes at lag {lag}", lag=LAGS[place]),
            partial(_entry, series="correlation", place=place),
        )
        for place in (0, 1, 3, 5)
    ),
    *(
        (
            Sentence("index of dispersion, frames: {window}", window=WINDOWS[place]),
            partial(_entry, series="dispersion", place=place),
        )
        for place in range(len(WINDOWS))
    ),
    (Sentence("most in 3 frames, in mean frames"), lambda one: number(one.peak[0], ".2f")),
    (Sentence("most in 30 frames, in mean frames"), lambda one: number(one.peak[1], ".2f")),
)


def _shown(fit: EncoderFit) -> list[Par | Table]:
    what = Sentence(
        "{frames} {frames:frame|frames} in {seconds:.1f} s, {keys} of them key "
        "{keys:frame|frames}; where none is left out {fps:.2f} frames/s, {kbps:,.0f} kb/s",
        frames=fit.frames,
        seconds=fit.seconds,
        fps=fit.fps,
        kbps=fit.kbps,
        keys=fit.key_frames,
    )
    head = (
        Sentence("statistic"),
        Sentence("recorded"),
        Sentence("fitted model"),
        Sentence("program's model"),
    )
    columns = fit.recorded, fit.fitted.drawn, fit.usual.drawn
    rows = [(name, *(show(each) for each in columns)) for name, show in _FIGURES]
    gap = Sentence("largest gap between the distributions of sizes")
    gaps = (number(each.distance, ".2f") for each in (fit.fitted, fit.usual))
    rows.append((gap, Sentence("–"), *gaps))
    note = Sentence(
        "Sizes are in mean frames; means over {draws} calls drawn from each model, with key frames "
        "where the recording has them.",
        draws=DRAWS,
    )
    return [Par(what), table(head, rows, right=(1, 2, 3), keep=(0,)), Par(note, tone="quiet")]
