"""SIP messages: read, written, answered (RFC 3261 §7, §19, §20)."""
