"""The province: its data, its network, routes, maps; Mininet and its guest."""
