"""A run as one static HTML page: `page` makes it, `serve` shows it on this machine's loopback.

`giaoban.results.archive.page` reads a run's folder for it.
"""
