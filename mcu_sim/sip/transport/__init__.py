"""SIP over UDP and TCP (RFC 3261 §18)."""
