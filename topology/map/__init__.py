"""The network drawn as a map."""
