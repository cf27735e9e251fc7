"""The JSON Schema of `result.json`, generated from `giaoban.results.model.result`."""
