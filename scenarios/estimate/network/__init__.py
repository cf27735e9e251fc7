"""Packets through the network's queues and lines, as arrays."""
