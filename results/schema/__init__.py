"""The JSON Schema of `result.json`, generated from `results.model.result`."""
