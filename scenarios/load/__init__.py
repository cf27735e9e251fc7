"""A load test of an MCU's control plane: many bridges call it, made with Locust.

Locust has users, spawn rates, statistics, its page, processes and workers. Beside it are only the
SIP call (`phone`, `locust.session`), the media of a call (`giaoban.traffic.media_load`), the test's
own MCU, criteria and the verdict (`measures`, `judge`). It lives here and not in `traffic/`, which
knows no SIP; `traffic/locustfile.py` is the file that Locust loads.

gevent is only in the processes that Locust runs in: no module outside `locust` imports `users`,
`hooks` or `session`.
"""
