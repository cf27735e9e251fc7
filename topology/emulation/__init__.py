"""The network of a plan as a Mininet network of this kernel's namespaces, links and queues."""

from giaoban import extras

extras.find_mininet()
