"""Locust's file: `locust -f traffic/locustfile.py --host sip:HOST:PORT -u BRIDGES -r PER_S …`.

The users are in `giaoban.scenarios.load`, since they speak SIP, of which the rest of this room
knows nothing; no module of it imports this one. Importing it patches the standard library (gevent):
it is for Locust's processes only. `giaoban load` is the way in with a verdict at the end.
"""

from giaoban.scenarios.load.locust.hooks import install
from giaoban.scenarios.load.locust.users import BridgeUser

install()

__all__ = ["BridgeUser"]
