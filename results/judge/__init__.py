"""From measures to a verdict: criteria, figures, the worst place, baselines, comparisons. Pure."""
