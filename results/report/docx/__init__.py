"""The annex as a sealed DOCX."""
