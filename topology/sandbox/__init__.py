"""The virtual-time guest: a User-Mode Linux kernel of our own, built once, booted for each run.

`kernel` builds and caches it, `boot` runs a Python module inside it, `guest_init` is its first
process. Nothing here needs root.
"""
