"""What else could be: variants, how much more fits, other figures, a changed input."""
