"""A document as a sealed DOCX."""
