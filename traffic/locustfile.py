"""Locust's door: `locust -f traffic/locustfile.py --host sip:HOST:PORT -u BRIDGES -r PER_S …`.

The users are in `scenarios.load`, since they speak SIP, of which the rest of this room knows
nothing; no module of it imports this one. Importing it patches the standard library (gevent): it
is for Locust's processes only. `giaoban load` is the way in with a verdict at the end.
"""

import sys
from pathlib import Path

# Locust puts this file's own folder there; the rooms are beside it
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenarios.load.locust.hooks import install
from scenarios.load.locust.users import BabblerUser, BridgeUser, GuesserUser, TechnicianUser

install()

__all__ = ["BabblerUser", "BridgeUser", "GuesserUser", "TechnicianUser"]
