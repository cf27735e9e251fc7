"""The MCU by itself, in real time."""
