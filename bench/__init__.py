"""How fast the emulation and the MCU are, beside ns-3: `python -m bench`.

Everything is measured in one run on one machine. `meeting` times the sandbox with the program's
own plan machinery, `ns3` runs ns-3 on the same network, `mcu` loads the MCU in real time,
`machine` tells what they ran on.
"""
