"""Media of many calls at once from one process and one loop, in real time, for load tests.

`python -m giaoban.traffic.media_load` is the process. Whoever makes the calls opens ports for each,
tells where its media go once that is agreed on, and is told what came (`messages`). It knows
nothing of how calls are made.
"""
