"""The floor of a meeting's content channel by BFCP (RFC 8855) over UDP, and nothing else of it.

`message` is the wire, `floor_server` a floor control server and `floor_participant` its client,
both without sockets, `socket` their edge; who may have the floor is the conference's to say
(`giaoban.mcu_sim.server.content_floor`).
"""
