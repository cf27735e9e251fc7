"""For which world does a verdict hold? Every assumed figure is tried at other values, by estimate.

`world` is what a question is made of, `figures` which of it is assumed and how far each may be from
what is said (`ranges.toml`), `flip_points` the pure search for the nearest value with another
verdict, `drawn` worlds in which all figures are others at once, `tried` one figure on one side,
`kept` what was judged before an interruption, `sensitivity` the whole answer.
"""
