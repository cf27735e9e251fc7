"""The MCU as a process: signalling, conferences, capacity and media in one loop on one clock.

`config` has the configuration, `calls` the records of calls, `negotiation` offers and answers,
`call_controller` the core, `conference_control` commands and effects of conferences, `server` the
loop, from power-on to power-off.
"""

from giaoban.mcu_sim.server.config import McuConfig, PlannedStreams, TimedCommand
from giaoban.mcu_sim.server.server import McuServer, serve

__all__ = ["McuConfig", "McuServer", "PlannedStreams", "TimedCommand", "serve"]
