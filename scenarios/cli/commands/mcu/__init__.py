"""What runs in real time for other programs to talk to: the MCU, and single RTP streams."""
