"""How fast the emulation is, beside real time and beside ns-3: `python -m bench`.

Everything is measured in one run on one machine. `meeting` times the sandbox with the program's
own plan machinery, `yardstick` runs ns-3 on the same network, `machine` tells what they ran on.
"""
