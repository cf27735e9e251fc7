"""A new project: the folder with `giaoban.toml` that commands are given in, and its templates."""
