"""What a line does to packets: its framing, queue and buffer, classes, policing, impairments."""
