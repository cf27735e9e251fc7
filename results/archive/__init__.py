"""Answers that are kept: run folders and their pages, evidence, history."""
