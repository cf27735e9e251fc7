"""What a scenario breaks: written, checked, planned and described.

`kind` is what each kind of fault answers for itself, `kinds` holds them, one module each.
`validate` finds mistakes in a scenario's faults, `plan` breaks them down by their `effects`;
`failure_cases` are what `giaoban faults` tries. `graph` knows whom the network can keep.
"""
