"""A province's project: the folder with `giaoban.toml` that commands are given in."""
