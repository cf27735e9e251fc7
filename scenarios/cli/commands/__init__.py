"""The commands of `giaoban`, one module each."""
