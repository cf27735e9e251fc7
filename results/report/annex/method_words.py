"""The method in one page, and what the terms mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from giaoban.translation import N_, pgettext

Course = Literal["expansion", "as is", "one phase"]
"""What is done in a check: bridges are connected; or none is, in several phases or in one."""

METHOD: Sequence[str] = (
    N_(
        "The network is rebuilt on a computer from the inputs: each bridge, each router and the "
        "MCU is a network node of its own; each link has the rate, length and queue that were "
        "given. Queues and links are those of Linux (with the tool Mininet), not of the makers of "
        "the real devices."
    ),
    N_(
        "Before the meeting each direction of each link is measured. If a rate is off by more "
        "than 2 %, or a delay by more than 50 microseconds, the check stops without a result."
    ),
    N_(
        "Then a meeting is held on this network. Bridges connect to the MCU by SIP; sound and "
        "pictures are RTP packets whose sizes and times come from a model of an encoder. The "
        "simulated MCU mixes sound, composes or forwards pictures, and takes or refuses calls by "
        "the device’s capacity table."
    ),
    N_(
        "For each packet the time of sending and the time of arrival are recorded. Delays from "
        "mouth to ear and from camera to screen between bridges (what devices take added), "
        "delay variation, packets lost or too late, speech quality, bad frames and frozen "
        "pictures are computed from them; the load of each link is read once a second."
    ),
    N_(
        "At the end every packet is accounted for: sent is received plus lost at a known place. "
        "If a packet is unaccounted for, or the computer did not send in time, the result is "
        "invalid."
    ),
    N_(
        "Each criterion compares the worst value of the whole system with its limit. The system "
        "passes if all criteria are met."
    ),
    N_(
        "Time in the emulation does not depend on the speed of the computer (unless it says "
        "real time): the same inputs and seed give the same result, so that others can repeat "
        "it."
    ),
    N_(
        "Limits of the method: the result is true of what was given. The emulation does not "
        "take the place of a trial on the real lines and devices before they are used."
    ),
)

AFTER_MEETING, AFTER_CRITERIA = 3, 6
"""How many of them come before what is said of phases, and before what is compared."""

METHOD_PHASES: Mapping[Course, str] = {
    "expansion": N_(
        "The meeting has three phases. Before: the existing bridges alone. During: the new "
        "bridges are connected one after another while the meeting goes on. After: everybody is "
        "in."
    ),
    "as is": N_(
        "Where no bridge is to be connected, the same bridges meet all the time: the phases are "
        "called before, during and after the connection as in the check of an expansion, and "
        "serve to compare them."
    ),
    "one phase": N_("Where there is one phase, everybody joins at its beginning."),
}
METHOD_COMPARED: Mapping[Course, str] = {
    "expansion": N_(
        "Existing bridges are also compared with themselves before the connection; a rise counts "
        "as far as it is certainly not chance (99.99 % confidence in each comparison)."
    ),
    "as is": N_(
        "Bridges are also compared with themselves in the first phase; a rise counts as far as it "
        "is certainly not chance (99.99 % confidence in each comparison)."
    ),
}

METHOD_ESTIMATED = N_(
    "What this document calls an estimate was not emulated: the queue of each link was computed "
    "packet by packet, no network was rebuilt and no link measured. What follows is how an "
    "emulated check is made, which an approval needs."
)
"""Ahead of the rest where anything is an estimate."""

METHOD_SEEDS: tuple[str, str] = (
    N_(
        "So that the conclusion does not depend on luck, the same question is worked out at "
        "other seeds: the queue of each link is computed packet by packet, without rebuilding "
        "the network. The system passes if it is shown with 95 % confidence that no more than the "
        "allowed share of seeds fails, and fails if more are shown to fail; otherwise the check is "
        "undecided."
    ),
    N_(
        "So that the conclusion does not depend on luck, the same question is emulated again at "
        "other seeds, each in an emulation of its own. The system passes if it does each time, or "
        "if it is shown with 95 % confidence that no more than the allowed share of seeds fails."
    ),
)
"""Where other seeds were estimated, and where they were emulated."""

METHOD_FAULTS = N_(
    "Each failure that was tried is made in an emulation of its own, in the middle of a meeting "
    "of everybody: a link is cut, or loses everything while its light stays on, a router is "
    "stopped, a site’s power taken away."
)

METHOD_INTERRUPTED = N_(
    "After a failure routers change ways as the data of the network say. The interruption is "
    "measured at each bridge, until sound and picture are back; what the failing interrupts and "
    "what the mending does are told apart."
)

METHOD_LOADS = N_(
    "In a load test many bridges call the MCU by a timetable; of each call it is recorded when "
    "it was dialled, when the MCU answered, and what came of it. A test in the emulated network "
    "runs in virtual time and can be repeated as a check can. Others run in real time: made "
    "again they give similar figures, not the same; if the load could not be made in time, the "
    "result is invalid."
)

TERMS: Sequence[tuple[str, str]] = (
    (N_("Bridge"), N_("A site that takes part in the meeting. The chair bridge runs it.")),
    (N_("MCU"), N_("Multipoint control unit: the device in the centre that connects all bridges.")),
    (N_("Units, ports"), N_("What an MCU holds; a call takes units by its picture, and one port.")),
    (N_("Up, down"), N_("From the bridge to the MCU; from the MCU to the bridge.")),
    (N_("Stream"), N_("Sound, picture or content in one direction of one bridge.")),
    (N_("Packet"), N_("A piece of data that crosses the network by itself.")),
    (
        N_("Mouth to ear"),
        N_(
            "From one bridge’s speaking until another hears it: two legs of network, the MCU and "
            "both terminals. Camera to screen: the same of pictures."
        ),
    ),
    (N_("Delay variation"), N_("The 99.9th percentile of delays less the least (ITU-T Y.1540).")),
    (N_("95th percentile"), N_("The value that 95 % of the measurements do not pass.")),
    (
        pgettext("speech quality", "MOS"),
        N_("Mean opinion score: speech quality as listeners judge it, 1 to 5."),
    ),
    (
        N_("Frame"),
        N_("One image of a moving picture, which stands still while there is no new one."),
    ),
    (N_("Access line"), N_("The link from a bridge or the MCU to its router.")),
    (N_("Router"), N_("The device that chooses the way of packets.")),
    (N_("Margin"), N_("The share of a criterion’s allowance that is still unused.")),
    (
        N_("SIP, RTP"),
        N_("The protocol that sets calls up; the one that carries sound and pictures."),
    ),
    (
        N_("Sum"),
        N_("64 characters computed from the contents (SHA-256); other contents, another sum."),
    ),
    (
        N_("Random seed"),
        N_("The number that fixes all that is random in the check, so that it can be repeated."),
    ),
)
