"""Digest authentication of requests, both sides, and guessed passwords (RFC 3261 §22)."""
