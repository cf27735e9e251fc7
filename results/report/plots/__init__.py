"""The pictures of an answer (matplotlib)."""
