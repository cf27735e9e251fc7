"""`giaoban stream`: RTP streams from this machine, paced in real time, and what came of them."""

from __future__ import annotations

import ctypes
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from giaoban.errors import InputError, InvalidRun, MachineLacks, strerror
from giaoban.processes.interruptions import INTERRUPTED, end_asked_for
from giaoban.scenarios.cli import language
from giaoban.scenarios.cli.output import AsJson, print_json
from giaoban.sentence import N_, Sentence, joined
from giaoban.traffic import hosts
from giaoban.traffic import log as packet_log
from giaoban.traffic import profiles as call_profiles
from giaoban.traffic.batch import media_socket
from giaoban.traffic.generator import cycle, interface, receiver, sender, slots, windows
from giaoban.traffic.generator.cycle import Cycle
from giaoban.traffic.generator.impair import impairers, load_intervals
from giaoban.traffic.generator.sender import Sent

LEAD_NS = 500_000_000
"""From the plan to the first packet: laying out the first windows and looking for garbage take some
0.1 s."""
WORST_MS = 20.0
"""A packet of sound that is later than the next one (RFC 3551 §4.2: 20 ms) fits no schedule."""
LIMIT_US = 1000.0
LONGEST_CYCLE_S, CYCLE_STEP_S = 60, 3
"""A cycle of pictures; whole numbers of packets of 10, 20, 30, 40 and 60 ms."""
MOST_LAID_OUT = 10_000_000
PR_SET_TIMERSLACK = 29
IDLE_S = 2.0
DSCP = call_profiles.DSCP_VIDEO

app = typer.Typer(
    add_completion=False, help="Send and receive RTP streams in real time.", no_args_is_help=True
)


@app.command("send")
def send(
    to: Annotated[str, typer.Argument(metavar="HOST:PORT", help="IPv4 address and UDP port")],
    profile: Annotated[
        str | None, typer.Option("--profile", help="a call profile: its sound and its pictures")
    ] = None,
    media: Annotated[
        Literal["both", "audio", "video"], typer.Option("--media", help="of a profile")
    ] = "both",
    rate: Annotated[
        int | None,
        typer.Option("--rate", min=1, max=hosts.MOST_PER_S, help="packets/s, all streams together"),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option("--size", min=14, max=slots.MAX_RTP, help="bytes of RTP a packet (1000)"),
    ] = None,
    streams: Annotated[
        int, typer.Option("--streams", min=1, max=10_000, help="streams, or calls of a profile")
    ] = 1,
    seconds: Annotated[float, typer.Option("--seconds", min=0.01, max=86_400)] = 10.0,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1)] = 1,
    impair: Annotated[
        Path | None, typer.Option("--impair", help="intervals of impairments (TOML)")
    ] = None,
    pacing: Annotated[
        Literal["auto", "kernel", "loop"], typer.Option("--pacing", help="by whom; kernel needs fq")
    ] = "auto",
    address: Annotated[
        str, typer.Option("--address", help="this machine's address to send from")
    ] = "0.0.0.0",
    limit_us: Annotated[
        float, typer.Option("--limit-us", min=1, help="99 of 100 packets are not later")
    ] = LIMIT_US,
    authorised: Annotated[
        bool,
        typer.Option("--i-am-authorised", help="the owner of a public address has agreed to this"),
    ] = False,
    log: Annotated[
        Path | None, typer.Option("--log", help="write a record of every packet here")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Send RTP to one address; exit code 3 if it did not leave when it was due."""
    host, port = hosts.media_target(to, authorised=authorised)
    plan = _plan(profile, media, rate, size, streams, seconds, seed)
    hosts.check_rate(host, plan.packets_per_s)
    intervals = None if impair is None else load_intervals(impair, seconds)
    stop = end_asked_for()
    by_kernel = _by_kernel(pacing, host)
    records = None
    try:
        records = None if log is None else packet_log.PacketLog(packet_log.SENT, log)
        sock = slots.open_socket(address, DSCP)
    except OSError as error:
        where = f"--log {log}" if records is None and log is not None else f"--address {address}"
        raise InputError(
            "{where}: cannot be used: {why}", where=where, why=strerror(error)
        ) from None
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
    try:
        payloads = slots.Payloads(host, port)
        headers = plan.headers()
        places = [slots.Slot(payloads, headers, txtime=by_kernel) for _ in range(sender.READY)]
        start_ns = time.monotonic_ns() + LEAD_NS
        fates = None if intervals is None else impairers(plan, intervals, seed, start_ns)
        run = sender.Sender(
            sock.fileno(),
            windows.schedule(
                plan, start_ns, seconds, fates, windows.window_size(plan.packets_per_s)
            ),
            places,
            records,
            kernel_paces=by_kernel,
        )
        run.prepare()
        cpu = time.process_time()
        sent = run.run(stop)
        cpu = time.process_time() - cpu
    finally:
        sock.close()
        if records is not None:
            records.close()
    wrong = _wrong(sent, limit_us)
    report = _report(sent, plan, start_ns, cpu, by_kernel, wrong, stop())
    if as_json:
        print_json(report)
    else:
        sys.stdout.write(_sent_in_words(report) + "\n")
    if stop():
        return INTERRUPTED
    if wrong:
        raise InvalidRun("the stream was not paced: {wrong}", wrong=joined("; ", wrong))
    return 0


@app.command("receive")
def receive(
    port: Annotated[int, typer.Argument(min=1, max=65_535, help="UDP port")],
    address: Annotated[str, typer.Option("--address", help="of this machine")] = "127.0.0.1",
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=0.01, help="stop after so long")
    ] = None,
    idle: Annotated[
        float, typer.Option("--idle", min=0.05, help="stop after so long without a packet, s")
    ] = IDLE_S,
    as_json: AsJson = False,
) -> int:
    """Count what comes, by SSRC; exit code 3 if the receive buffer overflowed."""
    stop = end_asked_for()
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
    if as_json:
        print_json(
            {
                "schema": "giaoban.stream-received/1",
                "valid": not overflowed,
                "interrupted": stop(),
                "packets": arrivals.packets,
                "not_rtp": arrivals.strange,
                "overflowed": overflowed,
                "streams": [report.to_json() for report in reports],
            }
        )
    else:
        lines: list[str] = [
            Sentence(
                "{n} {n:packet|packets} of {streams} {streams:stream|streams}",
                n=arrivals.packets,
                streams=len(reports),
            )
        ]
        lines += [
            Sentence(
                "SSRC {ssrc}: {n} {n:packet|packets} ({rate:,.1f}/s, {kbps:,.0f} kb/s), {lost} "
                "lost, {twice} {twice:duplicate|duplicates}, {reordered} reordered, jitter mean "
                "{mean:.3f} ms, max {most:.3f} ms",
                ssrc=f"{r.ssrc:08x}",
                n=r.packets,
                rate=r.rate_per_s,
                kbps=r.kbps,
                lost=r.lost,
                twice=r.duplicates,
                reordered=r.reordered,
                mean=r.jitter_mean_ms,
                most=r.jitter_max_ms,
            )
            for r in reports
        ]
        if arrivals.strange:
            lines.append(
                Sentence(
                    "{strange} {strange:datagram that is|datagrams that are} no RTP, or of too "
                    "many SSRCs",
                    strange=arrivals.strange,
                )
            )
        sys.stdout.write("\n".join(map(language.say, lines)) + "\n")
    if overflowed:
        raise InvalidRun(
            "{overflowed} {overflowed:packet|packets} overflowed the receive buffer: "
            "{overflowed:it is|they are} missing because of this machine, not of the network",
            overflowed=overflowed,
        )
    return INTERRUPTED if stop() else 0


def _plan(
    profile: str | None,
    media: str,
    rate: int | None,
    size: int | None,
    streams: int,
    seconds: float,
    seed: int,
) -> Cycle:
    if (profile is None) == (rate is None):
        raise InputError("what is sent is not said (allowed: one of --profile and --rate)")
    if rate is not None:
        if rate < streams:
            raise InputError(
                "--streams {streams}: more than packets a second (allowed: up to {rate})",
                streams=streams,
                rate=rate,
            )
        return cycle.constant_rate(rate, 1000 if size is None else size, streams, seed)
    assert profile is not None
    if size is not None:
        raise InputError(
            "--size {size}: a profile has its own sizes (allowed: with --rate)", size=size
        )
    known = call_profiles.load_profiles()
    call = known.pick(profile)
    whole = -(-math.ceil(seconds) // CYCLE_STEP_S) * CYCLE_STEP_S
    length = min(whole, LONGEST_CYCLE_S)
    packets = streams * length * (50 + call.video_kbps * 125 / 1000)
    if packets > MOST_LAID_OUT:
        raise InputError(
            "--streams {streams}: is too much (allowed: fewer calls of {profile})",
            streams=streams,
            profile=profile,
        )
    return cycle.calls(
        streams,
        length,
        None if media == "video" else known.encoding(call.audio),
        None if media == "audio" else known.video_model(call),
        seed,
    )


def _by_kernel(pacing: str, host: str) -> bool:
    if pacing == "loop":
        return False
    able = interface.kernel_paces(host)
    if pacing == "kernel" and not able:
        raise MachineLacks(
            "the kernel does not pace what goes to {host}: the interface's queue is not fq",
            N_("tc qdisc replace dev INTERFACE root fq, or --pacing loop"),
            host=host,
        )
    return able


def _wrong(sent: Sent, limit_us: float) -> list[Sentence]:
    """Why the stream is not what was asked for."""
    p99, worst_ms = sent.lateness.percentile_us(99), sent.lateness.worst_ns / 1e6
    wrong = []
    if sent.gave_up:
        wrong.append(Sentence("it fell a second behind and was given up"))
    if p99 > limit_us:
        wrong.append(
            Sentence(
                "1 of 100 packets left {p99:,.0f} µs late or later (limit {limit_us:g} µs)",
                p99=p99,
                limit_us=limit_us,
            )
        )
    if worst_ms > WORST_MS:
        wrong.append(
            Sentence(
                "the worst left {worst_ms:.1f} ms late (limit {limit_ms:g} ms)",
                worst_ms=worst_ms,
                limit_ms=WORST_MS,
            )
        )
    if sent.refused:
        wrong.append(
            Sentence("the kernel refused {refused} {refused:packet|packets}", refused=sent.refused)
        )
    return wrong


def _report(
    sent: Sent,
    plan: Cycle,
    start_ns: int,
    cpu_s: float,
    by_kernel: bool,
    wrong: Sequence[str],
    interrupted: bool,
) -> dict[str, Any]:
    took_s = (sent.last_ns - sent.first_ns) / 1e9
    kind: Literal["kernel", "loop"] = "kernel" if by_kernel else "loop"
    return {
        "schema": "giaoban.stream-sent/1",
        "valid": not wrong,
        "reasons": wrong,
        "interrupted": interrupted,
        "pacing": kind,
        "start_ns": start_ns,
        "streams": [{"ssrc": s.ssrc, "payload_type": s.payload_type} for s in plan.ids],
        "packets": sent.datagrams,
        "bytes": sent.bytes,
        "asked_per_s": plan.packets_per_s,
        "rate_per_s": (sent.datagrams - 1) / took_s if took_s > 0 else 0.0,
        "pacing_error_p50_us": sent.lateness.percentile_us(50),
        "pacing_error_p99_us": sent.lateness.percentile_us(99),
        "pacing_error_max_us": sent.lateness.worst_ns / 1e3,
        "removed": sent.removed,
        "duplicated": sent.duplicated,
        "corrupted": sent.corrupted,
        "refused": sent.refused,
        "system_calls": sent.calls,
        "cpu_s": cpu_s,
    }


def _sent_in_words(report: dict[str, Any]) -> str:
    late = N_(
        "left late by at most: {half:.0f} µs of half of them, {most:.0f} µs of 99 %, {worst:.0f} "
        "µs the worst"
    )
    if report["pacing"] == "kernel":
        late = N_(
            "handed to the kernel late by at most: {half:.0f} µs of half of them, {most:.0f} µs of "
            "99 %, {worst:.0f} µs the worst"
        )
    lines: list[str] = [
        Sentence(
            "{n} {n:packet|packets} of {streams} {streams:stream|streams} sent, {rate:,.1f}/s "
            "({asked:,.1f}/s asked)",
            n=report["packets"],
            streams=len(report["streams"]),
            rate=report["rate_per_s"],
            asked=report["asked_per_s"],
        ),
        Sentence(
            late,
            half=report["pacing_error_p50_us"],
            most=report["pacing_error_p99_us"],
            worst=report["pacing_error_max_us"],
        ),
        Sentence(
            "by the injector: {removed} removed, {twice} duplicated, {corrupted} corrupted",
            removed=report["removed"],
            twice=report["duplicated"],
            corrupted=report["corrupted"],
        ),
    ]
    if report["interrupted"]:
        lines.append(Sentence("interrupted: this is what was sent until then"))
    return "\n".join(map(language.say, lines))
