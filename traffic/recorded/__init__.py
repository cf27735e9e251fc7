"""Recorded streams in place of a model's pictures: RTP out of a capture.

On the planning side a capture becomes a `Recording`, which crosses to the guest as one `.npz`;
there a `RecordedStream` sends it round and round.
"""
