"""Every failure of a province, each tried in an emulation of its own.

`trial` says how one is tried, `observe` what it did, `slow_case` what it does at other
seeds, `answer` what all come to; `failures` does it.
Which there are is said in `giaoban.scenarios.spec.faults`.
"""
