"""SIPp (https://sipp.sourceforge.net): scenarios put together from messages, and running it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.clients.programs import HOST, end, free_ports

AUDIO = """v=0
    o=- 1 1 IN IP4 [local_ip]
    s=-
    c=IN IP4 [local_ip]
    t=0 0
    m=audio {port} RTP/AVP 8 0
    a=rtpmap:8 PCMA/8000
    a=rtpmap:0 PCMU/8000"""

_MESSAGE = """  <send{attributes}><![CDATA[
    {method} sip:{room}@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}
    From: "Cư Jút" <sip:{user}@[local_ip]:[local_port]>;tag=[call_number]
    To: <sip:{to}@[remote_ip]:[remote_port]>{tag}
    Call-ID: [call_id]
    CSeq: {number} {method}
    Contact: <sip:{user}@[local_ip]:[local_port];transport=[transport]>
    Max-Forwards: 70{headers}
    Content-Length: [len]

    {body}
  ]]></send>
"""

_USED = '  <Reference variables="1"/>\n'

PROVISIONAL = (100, 180)
"""What may come before the answer to an INVITE (RFC 3261 §21.1)."""


@dataclass
class Scenario:
    """Messages in the order they are sent and awaited, as SIPp's XML."""

    user: str = "cu-jut"
    room: str = "giao-ban"
    text: str = ""
    number: int = 0
    ending: str = ""

    def send(
        self,
        method: str,
        body: str = "",
        *,
        kind: str = "application/sdp",
        headers: str = "",
        again: bool = False,
        to: str | None = None,
        of_before: int = 0,
    ) -> Scenario:
        """`again`: within the dialog. `of_before`: in the transaction of so many messages ago."""
        self.number += method not in ("ACK", "CANCEL")
        if body:
            headers += f"\n    Content-Type: {kind}"
        self.text += _MESSAGE.format(
            attributes=' retrans="500"' if method not in ("ACK", "CANCEL") else "",
            method=method,
            room=self.room,
            user=self.user,
            to=to or self.room,
            branch=f"[branch-{of_before}]" if of_before else "[branch]",
            tag="[peer_tag_param]" if again else "",
            number=self.number,
            headers=headers,
            body=body,
        )
        return self

    def expect(self, code: int, *, maybe: tuple[int, ...] = (), more: str = "") -> Scenario:
        """A response; `maybe`: others that may come before it; `more`: attributes."""
        self._maybe(maybe)
        self.text += f'  <recv response="{code}"{more}/>\n'
        return self

    def _maybe(self, codes: tuple[int, ...]) -> None:
        for code in codes:
            self.text += f'  <recv response="{code}" optional="true"/>\n'

    def expect_with(
        self, code: int, header: str, pattern: str, *, maybe: tuple[int, ...] = ()
    ) -> Scenario:
        """A response with a header that is as it should be; `maybe` as of `expect`."""
        self._maybe(maybe)
        self.text += f"""  <recv response="{code}"><action>
    <ereg regexp="{pattern}" search_in="hdr" header="{header}" check_it="true" assign_to="1"/>
  </action></recv>
"""
        self.ending = _USED
        return self

    def pause(self, ms: int) -> Scenario:
        self.text += f'  <pause milliseconds="{ms}"/>\n'
        return self

    def answered(self) -> Scenario:
        """The 200 to an INVITE, and its ACK."""
        return self.expect(200, maybe=PROVISIONAL).send("ACK", again=True)

    def refused(self, code: int, more: str = "", header: tuple[str, str] | None = None) -> Scenario:
        """A refusal of an INVITE, and its ACK, which is in its transaction (RFC 3261 §17.1.1.3)."""
        if header is None:
            self.expect(code, maybe=PROVISIONAL, more=more)
        else:
            self.expect_with(code, *header, maybe=PROVISIONAL)
        return self.send("ACK", again=True, of_before=2 + len(PROVISIONAL))

    def bye(self) -> Scenario:
        return self.send("BYE", again=True).expect(200)

    def write(self, path: Path) -> str:
        head = '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="a bridge">\n'
        path.write_text(f"{head}{self.text}{self.ending}</scenario>\n", encoding="utf-8")
        return path.name


NO_ECHO = 253
"""SIPp's exit code where nothing of a call's sound (`rtp_stream`) came back as it was sent, though
all calls succeeded. Who hears a mixer hears others: only by chance the same comes back."""


def sipp(folder: Path, mcu_port: int, *words: str, timeout_s: int = 60) -> str:
    """Run SIPp to its end; its last screen. It must have found that all calls went as they should.

    Whether it hears its own sound is not asked.
    """
    done = subprocess.run(
        [
            *_command(mcu_port),
            *("-timeout", str(timeout_s), "-timeout_error", "-trace_err", *words),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_s + 30,
        check=False,
    )
    errors = _errors(folder)
    assert done.returncode in (0, NO_ECHO), done.stdout[-3000:] + done.stderr + errors[:3000]
    if done.returncode == NO_ECHO:  # which hides what else would have been said
        assert count(done.stdout, "Failed call") == 0, done.stdout[-3000:] + errors[:3000]
    return done.stdout


@contextmanager
def sipp_beside(
    folder: Path, mcu_port: int, *words: str, own_port: int | None = None
) -> Iterator[None]:
    """Run SIPp while the block runs, then stop it in the middle of its calls."""
    command = [*_command(mcu_port, own_port), *words]
    job = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        yield
        assert job.poll() is None
    finally:
        end(job, signal.SIGKILL)


def _command(mcu_port: int, own_port: int | None = None) -> list[str]:
    own = str(own_port or free_ports())
    return ["sipp", f"{HOST}:{mcu_port}", "-i", HOST, "-p", own, "-nostdin"]


def count(screen: str, what: str) -> int:
    """The cumulative value of a line of the statistics on the last screen."""
    lines = [line for line in screen.splitlines() if line.strip().startswith(what)]
    return int(lines[-1].split("|")[-1])


def _errors(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.glob("*_errors.log"))
