"""An answer for people: summaries, pictures, the annex, the page for a browser."""
