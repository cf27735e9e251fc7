"""The MCU's audio: codecs, jitter buffers, N−1 mixing on two buses, outgoing packets.

`bank` is what the media plane uses; a call is a row of its arrays.
"""
