"""What becomes of runs: annex, evidence and its verification, page, metrics, history."""
