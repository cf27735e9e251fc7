"""A run as one self-contained page for a browser.

`sections` has its content in each language: the annex's blocks, written by
`giaoban.results.report.html`, readable without a script. `page_data`, `run_data` and `curves` are
what the script in `page/` draws (map, time line, plots), `words` what it says; `page` puts all into
one file, `serve` shows it on this machine. That of a run's folder is
`giaoban.results.archive.page`.
"""
