"""Streams by themselves (`giaoban stream`): no scenario, in real time or into a capture."""
