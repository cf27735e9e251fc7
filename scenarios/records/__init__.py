"""What crosses from guest to host, as typed records: written and read by the same code.

`events`: what bridges and MCU told (`events.jsonl`); `guest`: what the kernels counted and when the
network was changed (`captures/counters.json`), the ways that packets took, and the guest itself.
The plan goes the other way (`giaoban.scenarios.plan.plan`), packets lie beside in logs
(`giaoban.traffic.log`).
"""
