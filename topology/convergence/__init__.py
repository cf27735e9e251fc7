"""When routers forward by which routes while links and routers fail: worked out, not emulated.

`forwarding.routes_over_time` is the way in. `ospf` is what the emulation's routers do (BIRD 2 with
OSPF and BFD), event by event with the same timers, phases and random numbers; `bfd` is one side of
one of its sessions, `splitmix64` its random numbers, `links` when a link takes packets.
"""
