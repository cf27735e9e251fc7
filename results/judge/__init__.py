"""From measures to a verdict: criteria, figures, the worst place, confidence, baselines. Pure."""
