"""`giaoban stream`: RTP streams of calls from this machine, and counts of those that come."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from giaoban.errors import InputError, InvalidRun, strerror
from giaoban.processes.interruptions import INTERRUPTED, end_asked_for
from giaoban.scenarios.cli import language
from giaoban.scenarios.cli.output import AsJson, print_json
from giaoban.sentence import Sentence, joined
from giaoban.traffic import hosts
from giaoban.traffic import profiles as call_profiles
from giaoban.traffic.batch import media_socket
from giaoban.traffic.generator import outputs, receiver
from giaoban.traffic.generator.calls import Call, Calls
from giaoban.traffic.generator.sender import Sent, send
from giaoban.traffic.impairments import (
    BernoulliLoss,
    GilbertElliottLoss,
    Impairments,
    Loss,
    NormalJitter,
)
from giaoban.traffic.recorded.capture import read_capture, recording_of

LEAD_NS = 500_000_000
"""From the plan to the first packet, in which the first windows are laid out."""
LIMIT_US, WORST_MS = 1000.0, 20.0
"""Of 99 of 100 packets, and of each: a packet of sound that leaves after the next one is due (RFC
3551 §4.2: 20 ms) fits no schedule."""

app = typer.Typer(
    add_completion=False, help="Send and receive RTP streams in real time.", no_args_is_help=True
)


@app.command("send")
def send_streams(
    to: Annotated[
        str | None, typer.Argument(metavar="[HOST:PORT]", help="IPv4 address and UDP port")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="calls of this call profile")] = None,
    pcap: Annotated[Path | None, typer.Option(help="an RTP stream of a capture")] = None,
    calls: Annotated[int, typer.Option(min=1, max=1000)] = 1,
    seconds: Annotated[float, typer.Option(min=0.01, max=86_400)] = 10.0,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1)] = 1,
    loss: Annotated[
        str, typer.Option(help="P (Bernoulli), or P,R[,BAD[,GOOD]] (Gilbert–Elliott)")
    ] = "",
    jitter: Annotated[str, typer.Option(help="MEAN,SD in ms, normal")] = "",
    reorder: Annotated[bool, typer.Option(help="with --jitter packets overtake")] = False,
    duplicate: Annotated[float, typer.Option(min=0, max=1, help="share sent twice")] = 0.0,
    interface: Annotated[
        str | None, typer.Option(help="put frames on this interface (root)")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="write a capture and send nothing")] = None,
    authorised: Annotated[
        bool,
        typer.Option("--i-am-authorised", help="the owner of a public address has agreed to this"),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Send RTP to an address, an interface or a file; exit code 3 if it left too late."""
    call, what = _call(profile, pcap), _impairments(loss, jitter, reorder, duplicate)
    if (to is None) == (out is None):
        raise InputError("the streams need one target (allowed: HOST:PORT or --out FILE)")
    start_ns = time.monotonic_ns() + LEAD_NS
    streams = Calls(call, calls, what, seed, start_ns)
    if out is not None:
        count = outputs.write_file(out, streams.windows(seconds), start_ns)
        _print({"schema": "giaoban.stream-written/1", "packets": count}, as_json, [_written(count)])
        return 0
    assert to is not None
    host, port = hosts.media_target(to, authorised=authorised)
    hosts.check_rate(host, streams.packets_per_s)
    stop = end_asked_for()
    way = outputs.udp(host, port) if interface is None else outputs.interface(interface, host, port)
    with way as put:
        sent = send(streams.windows(seconds), put, stop)
    wrong = _wrong(sent)
    late = sent.lateness
    report = {
        "schema": "giaoban.stream-sent/1",
        "valid": not wrong,
        "reasons": wrong,
        "interrupted": stop(),
        "streams": [{"ssrc": plan.ssrc, "kind": plan.kind} for plan in streams.plans],
        "packets": sent.packets,
        "bytes": sent.bytes,
        "packets_per_s": sent.packets_per_s,
        "pacing_error_p50_us": late.percentile_us(50),
        "pacing_error_p99_us": late.percentile_us(99),
        "pacing_error_max_us": late.worst_ns / 1e3,
        "refused": sent.refused,
    }
    words = Sentence(
        "{n} {n:packet|packets} of {streams} {streams:stream|streams} sent, {rate:,.1f}/s\n"
        "left late by at most: {half:.0f} µs of half of them, {most:.0f} µs of 99 %, {worst:.0f} "
        "µs the worst",
        n=sent.packets,
        streams=len(streams.plans),
        rate=sent.packets_per_s,
        half=late.percentile_us(50),
        most=late.percentile_us(99),
        worst=late.worst_ns / 1e3,
    )
    _print(report, as_json, [words])
    if stop():
        return INTERRUPTED
    if wrong:
        raise InvalidRun("the stream was not paced: {wrong}", wrong=joined("; ", wrong))
    return 0


@app.command("receive")
def receive(
    port: Annotated[int | None, typer.Argument(min=1, max=65_535, help="UDP port")] = None,
    pcap: Annotated[Path | None, typer.Option(help="count a capture's streams instead")] = None,
    address: Annotated[str, typer.Option(help="of this machine")] = "127.0.0.1",
    seconds: Annotated[float | None, typer.Option(min=0.01, help="stop after so long")] = None,
    idle: Annotated[
        float, typer.Option(min=0.05, help="stop after so long without a packet, s")
    ] = 2.0,
    as_json: AsJson = False,
) -> int:
    """Count RTP by SSRC; exit code 3 if the receive buffer overflowed."""
    if (port is None) == (pcap is None):
        raise InputError("the streams need one source (allowed: PORT or --pcap FILE)")
    stop, overflowed = end_asked_for(), 0
    if pcap is not None:
        arrivals = receiver.read_file(pcap)
    else:
        assert port is not None
        try:
            sock = media_socket(address, port, dscp=0, buffer_bytes=64 << 20)
        except OSError as error:
            raise InputError(
                "{address}:{port}: cannot be listened on: {why} (allowed: this machine's "
                "address and a free port)",
                address=address,
                port=port,
                why=strerror(error),
            ) from None
        with sock:
            arrivals, overflowed = receiver.receive(sock, seconds, idle, stop)
    reports = arrivals.reports()
    report = {
        "schema": "giaoban.stream-received/1",
        "valid": not overflowed,
        "interrupted": stop(),
        "packets": arrivals.packets,
        "not_rtp": arrivals.strange,
        "overflowed": overflowed,
        "streams": [one.to_json() for one in reports],
    }
    words = [
        Sentence(
            "SSRC {ssrc}: {n} {n:packet|packets} ({rate:,.1f}/s), {lost} lost, {twice} "
            "{twice:duplicate|duplicates}, {reordered} reordered, jitter mean {mean:.3f} ms, max "
            "{most:.3f} ms",
            ssrc=f"{r.ssrc:08x}",
            n=r.packets,
            rate=r.packets_per_s,
            lost=r.lost,
            twice=r.duplicates,
            reordered=r.reordered,
            mean=r.jitter_mean_ms,
            most=r.jitter_max_ms,
        )
        for r in reports
    ]
    total = Sentence(
        "{n} {n:packet|packets} of {streams} {streams:stream|streams}",
        n=arrivals.packets,
        streams=len(reports),
    )
    _print(report, as_json, [total, *words])
    if overflowed:
        raise InvalidRun(
            "{overflowed} {overflowed:packet|packets} overflowed the receive buffer: "
            "{overflowed:it is|they are} missing because of this machine, not of the network",
            overflowed=overflowed,
        )
    return INTERRUPTED if stop() else 0


def _print(report: dict[str, Any], as_json: bool, words: list[Sentence]) -> None:
    if as_json:
        print_json(report)
    else:
        sys.stdout.write("\n".join(map(language.say, words)) + "\n")


def _written(count: int) -> Sentence:
    return Sentence("{n} {n:packet|packets} written", n=count)


def _call(profile: str | None, pcap: Path | None) -> Call:
    if (profile is None) == (pcap is None):
        raise InputError("the streams need contents (allowed: one of --profile and --pcap)")
    if pcap is not None:
        stream = read_capture(pcap).choose()
        kind = int(stream.headers.payload_type[0])
        sound = kind < receiver.FIRST_VIDEO
        recording = recording_of(stream, str(pcap), h264=not sound)
        return Call(recording=recording, recorded_type=kind)
    assert profile is not None
    known = call_profiles.load_profiles()
    picked = known.pick(profile)
    return Call(known.encoding(picked.audio), known.video_model(picked))


def _impairments(loss: str, jitter: str, reorder: bool, duplicate: float) -> Impairments:
    if reorder and not jitter:
        raise InputError("--reorder: nothing delays packets (allowed: with --jitter)")
    model: Loss | None = None
    if loss:
        shares = _numbers(
            "--loss", loss, "P or P,R[,BAD[,GOOD]], each from 0 to 1", (1, 2, 3, 4), 1
        )
        model = BernoulliLoss(p=shares[0])
        if len(shares) > 1:
            if not shares[1]:
                raise InputError("--loss {text}: R is 0 (allowed: above 0)", text=loss)
            p, r, bad, good = [*shares, *(1.0, 0.0)[len(shares) - 2 :]]
            model = GilbertElliottLoss(p=p, r=r, loss_bad=bad, loss_good=good)
    delay = None
    if jitter:
        mean, sd = _numbers("--jitter", jitter, "MEAN,SD in ms, from 0 to 10,000", (2,), 10_000)
        delay = NormalJitter(mean_ms=mean, sd_ms=sd, reorder=reorder)
    return Impairments(loss=model, duplicate=duplicate, jitter=delay)


def _numbers(
    option: str, text: str, allowed: str, counts: tuple[int, ...], most: float
) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) not in counts or not all(0 <= one <= most for one in found):
        raise InputError(
            '{option} "{text}": is not understood (allowed: {allowed})',
            option=option,
            text=text,
            allowed=allowed,
        )
    return found


def _wrong(sent: Sent) -> list[Sentence]:
    """Return the reasons why the stream left too late."""
    p99, worst_ms = sent.lateness.percentile_us(99), sent.lateness.worst_ns / 1e6
    wrong = []
    if sent.gave_up:
        wrong.append(Sentence("it fell a second behind and was given up"))
    if p99 > LIMIT_US or worst_ms > WORST_MS:
        wrong.append(
            Sentence(
                "1 of 100 packets left {p99:,.0f} µs late or later (limit {limit_us:g} µs), the "
                "worst {worst_ms:.1f} ms (limit {limit_ms:g} ms)",
                p99=p99,
                limit_us=LIMIT_US,
                worst_ms=worst_ms,
                limit_ms=WORST_MS,
            )
        )
    if sent.refused:
        wrong.append(
            Sentence("the kernel refused {refused} {refused:packet|packets}", refused=sent.refused)
        )
    return wrong
