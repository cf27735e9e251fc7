"""Why a run cannot be trusted: a code with its arguments, said in English and in any language.

What sees that something is wrong names it (`because("never-sent", stream=…, packets=3)`); a result
keeps the code, the arguments and the English sentence, and a document says it in its language
(`giaoban.results.report.wording`).
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from pydantic import Field

from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.translation import N_

Argument = int | float | str


class Reason(StrictModel):
    """Why the figures of a run do not hold.

    Attributes:
        code: one of `SENTENCES`.
        arguments: what the sentence has in its fields. Those that are of the network have names
            that say what they are: `line` (`link`, or `link from->to`), `router`, `stream`
            (`bridge kind way`), `leg` (`bridge way`), `who` (a bridge, or `mcu`).
    """

    code: str
    arguments: dict[str, Argument] = Field(default_factory=dict)

    def __str__(self) -> str:
        """In English, with identifiers, as files keep it."""
        said = dict(self.arguments)
        if said.get("who") == "mcu":
            said["who"] = "the MCU"
        if "line" in said:
            said["line"] = f"link {said['line']}"
        return str(Sentence(SENTENCES[self.code], **said))


def because(code: str, **arguments: Argument) -> Reason:
    """A reason. Raises `KeyError` for no such code, `ValueError` for other arguments than its."""
    fields = {name for _, name, _, _ in Formatter().parse(SENTENCES[code]) if name is not None}
    if fields != set(arguments):
        raise ValueError(f"reason {code} has {sorted(fields)}, not {sorted(arguments)}")
    return Reason(code=code, arguments=arguments)


SENTENCES: Mapping[str, str] = {
    "unaccounted": N_(
        "{packets} {packets:packet is|packets are} unaccounted for ({closed} came to a closed "
        "port, {full} to a full buffer, {waiting} {waiting:waits|wait} in queues)"
    ),
    "kernel-sent": N_(
        "the hosts' kernels sent {kernel} {kernel:datagram|datagrams}, the programs {programs}"
    ),
    "kernel-delivered": N_(
        "the hosts' kernels delivered {kernel} {kernel:datagram|datagrams}, the programs read "
        "{programs}"
    ),
    "pacing-dropped": N_("senders' pacing dropped {packets} {packets:packet|packets}"),
    "background-unsent": N_(
        "background on {line}: the kernel sent {sent} of {packets} {packets:packet|packets}"
    ),
    "background-late": N_(
        "background on {line}: {times} {times:time|times} it was handed over after it was due"
    ),
    "background-paced": N_(
        "background on {line}: {packets} {packets:packet was|packets were} dropped by its pacing"
    ),
    "background-overflowed": N_(
        "background on {line}: {packets} {packets:packet|packets} overflowed a receive buffer"
    ),
    "never-sent": N_(
        "{stream}: {packets} {packets:packet came that was|packets came that were} never sent"
    ),
    "removed-came": N_(
        "{stream}: {packets} {packets:packet|packets} came that the injector had removed"
    ),
    "stream-twice": N_("{stream}: {packets} {packets:packet|packets} arrived twice"),
    "more-twice": N_(
        "{packets} {packets:packet|packets} arrived twice, {duplicated} {duplicated:was|were} "
        "duplicated by lines"
    ),
    "line-changes": N_(
        "{planned} {planned:change of lines was|changes of lines were} planned, {made} "
        "{made:was|were} made"
    ),
    "impairment-began-late": N_("{line}: its impairment began {late_ms} ms late"),
    "impairment-ended-late": N_("{line}: its impairment ended {late_ms} ms late"),
    "line-duplicated": N_("{line}: {packets} more {packets:packet|packets} came out than went in"),
    "damaged": N_(
        "{packets} {packets:packet was|packets were} thrown away as damaged, but no line damages "
        "any ({closed} came to a closed port)"
    ),
    "line-impaired-idle": N_(
        "{line}: nothing passed while it was impaired, {from_s:g} s to {to_s:g} s"
    ),
    "leg-impaired-idle": N_(
        "{leg}: nothing passed while it was impaired, {from_s:g} s to {to_s:g} s"
    ),
    "stray": N_(
        "{who}: {packets} {packets:packet came that belongs|packets came that belong} to no stream"
    ),
    "not-rtp": N_("{who}: {packets} {packets:packet came that is|packets came that are} not RTP"),
    "unauthentic": N_(
        "{who}: {packets} {packets:packet|packets} came that could not be authenticated (SRTP)"
    ),
    "starved": N_("{who}: media was handed over after it was due {times} {times:time|times}"),
    "overflowed": N_("{who}: {packets} {packets:packet|packets} overflowed a receive buffer"),
    "foreign": N_(
        "{who}: {packets} {packets:packet|packets} came under another payload type than was "
        "agreed on"
    ),
    "unsendable": N_("{who}: {packets} {packets:packet|packets} of media could not be sent"),
    "calls-left": N_(
        "the MCU still held {calls} {calls:call|calls} and {units:g} {units:unit|units} after "
        "everyone had hung up"
    ),
    "not-link-down": N_("fault {fault}: {line} did not go down"),
    "not-link-up": N_("fault {fault}: {line} did not come up again"),
    "not-discard": N_("fault {fault}: {line} did not fail silently"),
    "not-forward": N_("fault {fault}: {line} did not carry again"),
    "not-stop-router": N_("fault {fault}: router {router} did not stop"),
    "not-start-router": N_("fault {fault}: router {router} did not start again"),
    "late-link-down": N_("fault {fault}: {line}: link-down came {late_ms} ms late"),
    "late-link-up": N_("fault {fault}: {line}: link-up came {late_ms} ms late"),
    "late-discard": N_("fault {fault}: {line}: discard came {late_ms} ms late"),
    "late-forward": N_("fault {fault}: {line}: forward came {late_ms} ms late"),
    "late-stop-router": N_("fault {fault}: router {router}: stop-router came {late_ms} ms late"),
    "late-start-router": N_("fault {fault}: router {router}: start-router came {late_ms} ms late"),
    "not-powered-off": N_("fault {fault}: {who} did not lose its power"),
    "not-powered-on": N_("fault {fault}: {who} did not start again"),
    "late-powered-off": N_("fault {fault}: {who}: powered-off came {late_ms} ms late"),
    "late-powered-on": N_("fault {fault}: {who}: powered-on came {late_ms} ms late"),
    "generators-silent": N_(
        "{said} of {generators} {generators:generator|generators} said how {said:it|they} fared"
    ),
    "media-process-ended": N_("a process with the media of a generator has ended"),
    "generator-busy": N_(
        "a generator's process took {cpu_pct:g} % of a core (limit {limit_pct:g} %)"
    ),
    "generator-behind": N_(
        "the generator was late: for {bridges} {bridges:bridge|bridges} the test ended before the "
        "planned time after the fault"
    ),
    "generator-media-late": N_(
        "{late_pct:g} % of the generator's media left more than 20 ms late (limit {limit_pct:g} %)"
    ),
    "generator-overflowed": N_(
        "{packets} {packets:packet|packets} overflowed the generator's buffers"
    ),
    "nothing-done": N_("nothing was done: no generator came to its first call"),
    "mcu-machine-late": N_(
        "the MCU's machine could not keep up: {late_pct:.1f} % of its media left more than 20 ms "
        "late (limit {limit_pct:g} %), {packets} {packets:packet|packets} overflowed a receive "
        "buffer"
    ),
}
