"""REGISTER: the registrar, and our own registration at one (RFC 3261 §10)."""
