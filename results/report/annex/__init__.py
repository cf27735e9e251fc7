"""The annex: an answer as a document that an office attaches to a letter."""
