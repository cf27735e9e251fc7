"""JSON Schemas: of `result.json` and the other answers (`NAME.schema.json`), and of the files that
people write (`NAME.toml.schema.json`). `make` writes them, from the models; `giaoban.schemas`
finds them."""
