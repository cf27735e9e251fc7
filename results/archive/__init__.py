"""Answers that are kept: run folders, evidence, history."""
