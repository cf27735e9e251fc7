"""What a scenario breaks: written, checked, planned and described."""
