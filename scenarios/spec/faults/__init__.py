"""What a scenario breaks: written, checked, planned and described.

`kind` is what each kind of fault answers for itself, `kinds` holds them, one module each.
`validate` finds mistakes in a scenario's faults, `plan` breaks them down by their `effects`; which
of them `giaoban faults` tries is said beside this (`giaoban.scenarios.spec.failure_cases`). `graph`
knows whom the network can keep.
"""
