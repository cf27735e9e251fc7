"""Mutation tests: would the tests notice a small fault? `python -m bench.mutation`."""
