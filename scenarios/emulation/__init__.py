"""Plan → captures: the network, the MCU and the bridges run on real packets.

`engine` starts an emulation from outside, `guest` conducts it from inside; what crosses between
them is files in the run's folder.
"""

from giaoban import extras

extras.find_mininet()
