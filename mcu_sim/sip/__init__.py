"""SIP (RFC 3261) over UDP and TCP without sockets: user agents that are fed messages and the time.

The owner of a `UserAgent` does this, and nothing else:

- a message came:       events = agent.receive(data, Peer(host, port, transport), now_ms)
- the time has come:    events = agent.advance(now_ms)    (when agent.next_timeout() <= now_ms)
- after every call:     send each of agent.outgoing() to its target

What it tells with events and how to answer them stands at each event. It takes calls (`accept`,
`refuse`), makes them (`call`), ends both (`hang_up`), changes standing ones (`reinvite`,
`answer_reoffer`, `refuse_reoffer`), carries INFO (`info`, `answer_info`), takes REFERs (`refers`),
keeps sessions alive by itself (RFC 4028), asks callers who they are if it has an `Authority`,
proves who it is if it has `Credentials`, and registers (`register`, `unregister`) or takes
REGISTERs for a `Registrar`.
"""
