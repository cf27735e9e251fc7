"""This machine: what is missing on it, a shell in the network, completion of words."""
