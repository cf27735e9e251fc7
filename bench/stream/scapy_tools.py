"""scapy as a sender of RTP, and as a writer of captures, for comparison.

`python -m bench.stream.scapy_tools send INTERFACE SECONDS RATE|0` or
`… pcap INTERFACE FILE COUNT RATE`:

scapy's own sendp of RTP packets of 1,000 bytes, as a user writes it; and the same as a capture.
"""

from __future__ import annotations

import json
import sys
import time

from scapy.all import IP, RTP, UDP, Ether, Raw, sendp, wrpcap

from bench.stream.link import PORT, RECEIVER, RECEIVER_MAC, SENDER, SENDER_MAC

SIZE, UNLIKE = 1000, 1000
MOST = 5000  # packets for each second of the bench: it does not reach more


def packet(number: int) -> Ether:
    """The nth packet."""
    rtp = RTP(payload_type=97, sequence=number & 0xFFFF, timestamp=number * 90 & 0xFFFFFFFF)
    return (
        Ether(src=SENDER_MAC, dst=RECEIVER_MAC)
        / IP(src=SENDER, dst=RECEIVER)
        / UDP(sport=5002, dport=PORT)
        / rtp
        / Raw(bytes(SIZE - 12))
    )


def main() -> None:
    """Send, or write a capture."""
    if sys.argv[1] == "pcap":
        file, count, rate = sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
        packets = []
        for number in range(count):
            one = packet(number)
            one.time = number / rate
            packets.append(one)
        wrpcap(file, packets)
        return
    interface, seconds, rate = sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
    # made beforehand: only sending counts
    packets = [Ether(bytes(packet(number))) for number in range(UNLIKE)]
    packets *= max(1, int(seconds * min(rate or MOST, MOST)) // UNLIKE)
    cpu = time.process_time()
    # a sleep between packets: scapy has nothing else to pace by
    sendp(packets, iface=interface, inter=1 / rate if rate else 0, verbose=False)
    said = {"packets": len(packets), "cpu_s": time.process_time() - cpu}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
