"""A run as one self-contained page for a browser: data, words, style and script in one file."""
