"""The answer without an emulation: planned packets through queues, worked out with numpy.

`estimate.estimate(question)` gives the whole answer; `static.static_loads(plan)` adds up rates
alone, for searches that ask thousands of times. An estimate needs no Mininet, no root and no Linux.
It is never a document for approval.
"""
