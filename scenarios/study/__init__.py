"""Questions and how they are answered: one check, seeds, what-ifs, headroom, failures, sweeps."""
