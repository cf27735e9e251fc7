"""The MCU as a process: signalling, conferences, capacity and media in one loop on one clock.

`config` is what it is told, `calls` what it remembers of its calls, `negotiation` how an offer is
answered, `call_controller` what happens to a call, `conference_control` what is asked for inside it
and what conferences want done, `server` the loop, from power-on to power-off.
"""

from giaoban.mcu_sim.server.config import McuConfig, PlannedStreams, TimedCommand
from giaoban.mcu_sim.server.server import McuServer, serve

__all__ = ["McuConfig", "McuServer", "PlannedStreams", "TimedCommand", "serve"]
