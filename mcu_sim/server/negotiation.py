"""Offers and answers of the MCU: free capacity, ports, rate and resolution."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.admission import Admission, Capacity
from giaoban.mcu_sim.device import AUDIO
from giaoban.mcu_sim.media.audio.codec import modelled
from giaoban.mcu_sim.media.leg import NOBODY, Kind, by_kind
from giaoban.mcu_sim.media.ports import PortPool, PortsExhaustedError
from giaoban.mcu_sim.sdp.crypto import KeySource
from giaoban.mcu_sim.sdp.h264 import LEVELS, codec_for, resolution_of
from giaoban.mcu_sim.sdp.offer_answer import (
    G722,
    PCMA,
    PCMU,
    NegotiatedMedia,
    at_level,
    audio,
    codec_of,
    content,
    make_answer,
    make_offer,
    read_answer,
    refusals,
    role,
    video,
    without_video,
)
from giaoban.mcu_sim.server.calls import ParticipantCall
from giaoban.mcu_sim.server.config import McuConfig
from giaoban.mcu_sim.sip.message import HostPort
from giaoban.traffic.hosts import UNSPECIFIED, is_one_host
from giaoban.traffic.profiles import VIDEO_PAYLOAD_TYPE
from giaoban.traffic.rtp import AUDIO_CLOCK_HZ

CONTENT_PAYLOAD_TYPE = VIDEO_PAYLOAD_TYPE + 1
AUDIO_KBPS = AUDIO_CLOCK_HZ * 8 // 1000
BUSY_HERE, NOT_ACCEPTABLE_HERE, SERVICE_UNAVAILABLE = 486, 488, 503


@dataclass(frozen=True)
class NegotiationResult:
    """Our description and the agreed terms; `refused`: reasons for sections that are not taken,
    however much of the device is free."""

    local: sdp.SessionDescription
    agreed: dict[Kind, NegotiatedMedia]
    port_group: int
    admission: Admission
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class NegotiationRefusal:
    """The SIP status code and reason with which a call is refused."""

    code: int
    reason: str


class MediaNegotiation:
    """Makes answers and offers for one device; takes capacity for the calls it accepts."""

    def __init__(
        self,
        config: McuConfig,
        capacity: Capacity,
        ports: PortPool,
        rng: random.Random,
        keys: KeySource,
        signalling: HostPort,
    ) -> None:
        """`rng` gives session ids, `keys` SRTP keys. `signalling`: our SIP address."""
        self._config = config
        self._capacity = capacity
        self._ports = ports
        self._rng, self._keys = rng, keys
        self._signalling = signalling
        self._audio_codecs: tuple[sdp.Codec, ...] = (G722, PCMA, PCMU)
        self._audio_kbps: float = AUDIO_KBPS
        if config.sound is not None and modelled(config.sound) is not None:
            self._audio_codecs = (codec_of(config.sound), *self._audio_codecs)
            self._audio_kbps = config.sound.kbps
        self._on_loopback = ipaddress.ip_address(config.address).is_loopback
        self._numbers: dict[str, int] = {}
        self._calls: dict[str, set[str]] = {}
        """Calls by meeting."""
        self._resolutions = [
            name for name in reversed(LEVELS) if capacity.device.units_for(name) is not None
        ]

    def take(
        self, call: str, meeting: str, offer: bytes | None
    ) -> NegotiationResult | NegotiationRefusal:
        """Answer a caller's offer, or (None) make one to a bridge that is called.

        Capacity is held for the call if the result is `NegotiationResult`, until `give_back`.
        """
        if not self._open_meeting(meeting):
            refusal = self._capacity.device.refusal
            return NegotiationRefusal(refusal.code, refusal.reason)
        try:
            terms = (
                self._offer(call, meeting) if offer is None else self._answer(call, meeting, offer)
            )
        except sdp.SdpError as error:
            terms = NegotiationRefusal(NOT_ACCEPTABLE_HERE, str(error))
        except PortsExhaustedError as error:
            terms = NegotiationRefusal(SERVICE_UNAVAILABLE, str(error))
        if isinstance(terms, NegotiationRefusal):
            self.give_back(call, meeting)
        return terms

    def give_back(self, call: str, meeting: str) -> None:
        """Release the capacity of a call, and of its meeting if the call was the last."""
        if self._capacity.holds(call):
            self._capacity.release(call)
        self._calls[meeting].discard(call)
        if not self._calls[meeting]:
            del self._calls[meeting], self._numbers[meeting]
            self._capacity.close_conference(meeting)

    def hold_content(self, meeting: str, shown: bool) -> NegotiationRefusal | None:
        """Admit or release the content channel of a meeting; return a refusal if the device
        has no room for it. A meeting without calls has none."""
        if meeting not in self._numbers:
            return None
        if not shown:
            self._capacity.hide_content(meeting)
        elif not self._capacity.show_content(meeting):
            refusal = self._capacity.device.refusal
            return NegotiationRefusal(refusal.code, refusal.reason)
        return None

    def number(self, meeting: str) -> int:
        """A small number for a meeting that has calls, no other's at the same time."""
        return self._numbers[meeting]

    def answered(self, call: ParticipantCall, answer: bytes) -> dict[Kind, NegotiatedMedia]:
        """Return the terms of an answer to the call's offer; the call holds no more than that.

        Raises `sdp.SdpError`.

        Two calls on one set of ports with one remote address could not be told apart: that is
        known only now, and the later call cannot be had.
        """
        theirs = self._reachable(sdp.parse(answer), first=True)
        agreed = by_kind(read_answer(call.local, theirs))
        both = zip(call.local.media, theirs.media, strict=True)
        call.refused = tuple(
            f"{ours.kind}: refused by the bridge"
            for ours, one in both
            if ours.port and not one.port
        )
        if not agreed:
            raise sdp.SdpError(f"the answer takes nothing of the offer: {'; '.join(call.refused)}")
        self._check_addresses(call, agreed)
        resolution, kbps = self._asked(agreed)
        if resolution != call.given:  # it takes less than it was offered
            self._readmit(call, resolution, kbps)
        return agreed

    def turn(
        self, call: ParticipantCall, offer: bytes
    ) -> tuple[sdp.SessionDescription, dict[Kind, NegotiatedMedia]]:
        """Return the answer to a new offer within a call, in the media with which the call began,
        and its terms. The call keeps its share of the device. Raises `SdpError`."""
        theirs = self._reachable(sdp.parse(offer), first=False)
        can = [
            section
            for section in self._can(call.port_group, given=call.given)
            if role(section) in call.media
        ]
        session, terms = make_answer(
            theirs,
            can,
            self._config.address,
            call.local.session_id,
            previous=call.local,
            keys=self._keys,
        )
        agreed = by_kind(terms)
        self._check_addresses(call, agreed)
        return session, agreed

    def _reachable(self, theirs: sdp.SessionDescription, *, first: bool) -> sdp.SessionDescription:
        """Return their description with the sections refused whose address is no host's, or ours.

        c=0.0.0.0 puts media of an established call on hold (RFC 3264 §8.4); no call begins with it.
        Raises `SdpError` if no section is left.
        """
        media = tuple(
            one if self._is_reachable(theirs, one, first=first) else replace(one, port=0)
            for one in theirs.media
        )
        if not any(one.port for one in media) and any(one.port for one in theirs.media):
            raise sdp.SdpError("media at an address that this device cannot send to")
        return replace(theirs, media=media)

    def _is_reachable(
        self, theirs: sdp.SessionDescription, media: sdp.Media, *, first: bool
    ) -> bool:
        if not media.port:
            return True
        host = theirs.address_of(media)
        if host == UNSPECIFIED and not first:
            return True
        both = ((host, media.port), (host, media.rtcp_port or media.port + 1))
        if any(one == self._signalling or self._ports.is_own(one) for one in both):
            return False
        address = ipaddress.ip_address(host)
        # 127/8 of a caller is this machine, unless the MCU itself is on the loopback
        return (
            isinstance(address, ipaddress.IPv4Address)
            and is_one_host(address)
            and (self._on_loopback or not address.is_loopback)
        )

    def _check_addresses(
        self, call: ParticipantCall, agreed: Mapping[Kind, NegotiatedMedia]
    ) -> None:
        for kind, terms in agreed.items():
            owner = self._ports.owner(call.port_group, kind, terms.remote)
            if owner not in (NOBODY, call.row):
                raise sdp.SdpError("its media would come from another call's address")

    def _readmit(self, call: ParticipantCall, resolution: str, kbps: float | None) -> None:
        """Change the capacity of a call, if the device has it."""
        self._capacity.release(call.held)
        admission = self._capacity.admit(call.held, resolution, kbps, call.meeting)
        if admission.accepted:
            call.asked, call.given = resolution, admission.given or ""
            call.why_less = admission.reason if admission.stepped_down else ""
        else:
            self._capacity.admit(call.held, call.given, None, call.meeting)

    def _open_meeting(self, meeting: str) -> bool:
        if meeting in self._numbers:
            return True
        if not self._capacity.open_conference(meeting):
            return False
        taken = self._numbers.values()
        self._numbers[meeting] = next(n for n in range(len(taken) + 1) if n not in taken)
        self._calls[meeting] = set()
        return True

    def _answer(
        self, call: str, meeting: str, offer: bytes
    ) -> NegotiationResult | NegotiationRefusal:
        theirs = self._reachable(sdp.parse(offer), first=True)
        taken = self._make(theirs, self._can(0))[1]
        probe = by_kind(taken)
        admission = self._admit(call, meeting, *self._asked(probe))
        if isinstance(admission, NegotiationRefusal):
            return admission
        port_group = self._ports.port_group_for(
            {kind: terms.remote for kind, terms in probe.items()}
        )
        local, terms = self._make(theirs, self._can(port_group, given=admission.given))
        refused: tuple[str, ...] = ()
        if None in taken:
            refused = tuple(refusals(theirs, self._can(0)))
        return NegotiationResult(local, by_kind(terms), port_group, admission, refused)

    def _asked(self, probe: Mapping[Kind, NegotiatedMedia]) -> tuple[str, float | None]:
        """Resolution and line rate in kbit/s that an offer asks for."""
        main = probe.get("video")
        if main is None:
            return AUDIO, None
        sound_kbps = self._audio_kbps if "audio" in probe else 0.0
        kbps = None if main.max_kbps is None else main.max_kbps + sound_kbps
        return resolution_of(main.codec, self._resolutions), kbps

    def _offer(self, call: str, meeting: str) -> NegotiationResult | NegotiationRefusal:
        best = self._resolutions[0] if self._resolutions else AUDIO
        wanted = self._config.dialled_resolution or best
        admission = self._admit(call, meeting, wanted, None)
        if isinstance(admission, NegotiationRefusal):
            return admission
        port_group = self._ports.port_group_for({})
        can = self._can(port_group, self._config.dialled_profile, given=admission.given)
        local = make_offer(self._config.address, can, self._rng.getrandbits(32), keys=self._keys)
        return NegotiationResult(local, {}, port_group, admission)

    def _make(
        self, theirs: sdp.SessionDescription, can: Sequence[sdp.Media]
    ) -> tuple[sdp.SessionDescription, list[NegotiatedMedia | None]]:
        session_id = self._rng.getrandbits(32)
        return make_answer(theirs, can, self._config.address, session_id, keys=self._keys)

    def _admit(
        self, call: str, meeting: str, resolution: str, kbps: float | None
    ) -> Admission | NegotiationRefusal:
        admission = self._capacity.admit(call, resolution, kbps, meeting)
        if not admission.accepted:
            return NegotiationRefusal(admission.code, admission.reason)
        self._calls[meeting].add(call)
        return admission

    def _can(
        self, port_group: int, profile: str = "baseline", *, given: str | None = None
    ) -> list[sdp.Media]:
        """Return our sections on the ports of a group. `given`: what the call was given of the
        device; None: all that it has."""
        port = self._ports.port
        how = "RTP/SAVP" if self._config.encrypted else "RTP/AVP"
        kbps = round(self._config.video.kbps)
        can = [audio(port(port_group, "audio"), self._audio_codecs, protocol=how)]
        for best in self._resolutions[:1]:  # it stands for the lower ones too
            main = [codec_for(best, VIDEO_PAYLOAD_TYPE, profile)]
            shown = [codec_for(best, CONTENT_PAYLOAD_TYPE, profile)]
            can += [
                video(port(port_group, "video"), kbps, main, protocol=how),
                content(port(port_group, "content"), kbps, shown, protocol=how),
            ]
        if given == AUDIO:
            return without_video(can)
        return at_level(can, given) if given in LEVELS else can
