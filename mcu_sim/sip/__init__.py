"""SIP (RFC 3261) over UDP and TCP without sockets: user agents that are fed messages and the time.

The owner of a `UserAgent`

- hands in each message:    events = agent.receive(data, Peer(host, port, transport), now_ms)
- and the time:             events = agent.advance(now_ms)    (when agent.next_timeout() <= now_ms)
- and after every call sends each of agent.outgoing() to its target.

Messages are parsed and built by `sipmessage`. `transaction` has the four transaction machines,
`invite` and `session` the dialogs of calls, `registration` both sides of REGISTER, `transport` the
sockets.
"""
