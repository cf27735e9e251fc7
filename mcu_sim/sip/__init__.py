"""SIP over UDP (RFC 3261) without sockets: user agents that are fed datagrams and the time.

The owner of a `UserAgentServer` or `UserAgentClient` does this, and nothing else:

- a datagram came:      events = agent.receive(data, source, now_ms)
- the time has come:    events = agent.advance(now_ms)    (when agent.next_timeout() <= now_ms)
- after every call:     send each of agent.outgoing()
"""

from mcu_sim.sip.endpoint import Datagram, Endpoint
from mcu_sim.sip.events import (
    Answered,
    CallEnded,
    CallEstablished,
    CallFailed,
    EndedByPeer,
    Event,
    IncomingCall,
    Refused,
    TimedOut,
)
from mcu_sim.sip.message import HostPort
from mcu_sim.sip.uac import UserAgentClient
from mcu_sim.sip.uas import CallState, UserAgentServer

__all__ = [
    "Answered",
    "CallEnded",
    "CallEstablished",
    "CallFailed",
    "CallState",
    "Datagram",
    "EndedByPeer",
    "Endpoint",
    "Event",
    "HostPort",
    "IncomingCall",
    "Refused",
    "TimedOut",
    "UserAgentClient",
    "UserAgentServer",
]
