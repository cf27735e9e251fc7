"""How x264 spends a call's rate, and how near the model comes."""
