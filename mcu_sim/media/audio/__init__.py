"""The MCU's audio: codecs, jitter buffers, N−1 mixing on two buses, outgoing packets.

The media plane uses `bank`; a call is a row of its arrays.
"""
