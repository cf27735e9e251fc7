"""Every failure of a province, each tried in an emulation of its own.

`trial` says how one is tried, `observe` what it did, `answer` what all come to; `run` does it.
Which there are is said in `giaoban.scenarios.spec.faults`.
"""
