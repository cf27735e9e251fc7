"""The MCU's media: packets in, mixed, composed or forwarded, packets out.

`plane` is driven by the server's loop; `ports` finds each packet's call; `reports` speaks RTCP.
A call is a row of the arrays everywhere.
"""
