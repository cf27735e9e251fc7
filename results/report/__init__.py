"""An answer for people.

`document` says what a document consists of; `terminal`, `markdown`, `html`, `pdf` and `docx` lay
out the same blocks. `criteria_table` is the table of criteria in all of them, `evidence_list` what
an answer was made from. `summaries` has a module for each kind of answer: what a terminal shows of
it (`brief`) and the whole of its `summary.md` (`summary`); `meetings` has those of meetings and
calendars. `annex` is what an office attaches, `view` the page for a browser, `plots` the pictures.
"""
