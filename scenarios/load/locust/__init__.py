"""What runs inside Locust's processes, under gevent, and `processes`, which starts them."""
