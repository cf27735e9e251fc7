"""Meetings of an MCU without signalling or media: who sits where, is heard, is seen, may do what.

The owner of a `Rooms` does this, and nothing else:

- a call comes:            decision = rooms.admits(meeting, participant)
- a call is up:            decision, effects = rooms.join(meeting, participant)
- a call is hung up:       effects = rooms.left(participant)
- a call's media is gone:  effects = rooms.lost(participant)
- a control request comes: answer, effects = rooms.command(participant, parse(body), now_ms)
- at the start:            effects = rooms.dial()
- after every call:        carry out the effects, in order
"""
