"""`giaoban stream` beside what others send with."""
