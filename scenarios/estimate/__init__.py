"""The answer without an emulation: the same plan, streams and queues, worked out with numpy.

Two ways in:

- `estimate.estimate(question)`: the whole answer, packet by packet, as an emulation gives it;
- `static.static_loads(plan)`: what every link and the MCU carry when all are in, from rates alone,
  for searches that ask thousands of times.

An estimate needs no Mininet, no root and no Linux. It is never a document for approval.
"""
