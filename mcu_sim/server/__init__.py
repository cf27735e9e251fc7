"""The MCU as a process: signalling, conferences, capacity and media in one loop on one clock.

`config` is what it is told, `calls` what it remembers of its calls, `answering` how an offer is
answered, `streams` which streams it sends, `desk` what happens to a call, `controls` what is asked
for inside it, `referrals` whom it is to call, `steering` what conferences want done, `server` the
loop, `uptimes` its lives.
"""

from mcu_sim.server.config import McuConfig, Seat, TimedCommand
from mcu_sim.server.server import McuServer, serve

__all__ = ["McuConfig", "McuServer", "Seat", "TimedCommand", "serve"]
