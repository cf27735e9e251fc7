"""SIP over UDP, TCP and TLS (RFC 3261 §18, §26.2.1)."""
