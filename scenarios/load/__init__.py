"""A load test of an MCU's control plane: many bridges and technicians, made with Locust.

It lives here and not in `traffic/`, which knows nothing of SIP: the callers are
`giaoban.mcu_sim.sip`'s own user agents, their media the processes of `giaoban.traffic.media_load`,
their timetable (`timetable`) and what is made of their records (`measures`, `judge`) are pure.
`traffic/locustfile.py` is the door through which Locust comes in.

gevent is in the processes that Locust runs in (`users`, `hooks`, `sip_transport`, all in `locust`)
and nowhere else: no other module imports these.
"""
