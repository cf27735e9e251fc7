"""RTP streams from this machine, paced in real time, and what came of them at the far end."""
