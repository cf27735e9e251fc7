"""The commands of `giaoban`, a module each, in the groups that its help shows them in."""
