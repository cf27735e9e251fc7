"""Recorded streams in place of the models: an H.264 file, or RTP out of a capture.

On the planning side a file becomes a `Recording` (`sources`), which crosses to the guest as one
`.npz`; there a `RecordedStream` sends it round and round.
"""
