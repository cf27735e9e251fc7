"""The documents as a site (`make docs`), their commands as tests see them, the pictures."""
