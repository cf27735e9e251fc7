"""JSON Schemas: of `result.json` and the other answers (`NAME.schema.json`), and of the files that
people write (`NAME.toml.schema.json`). `giaoban.scenarios.schemas` makes them of the models,
`giaoban.schemas` finds them."""
