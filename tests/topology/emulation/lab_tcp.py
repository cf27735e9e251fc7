"""In the guest: a TCP transfer from the MCU's host to a bridge's, for `test_tcp.py`.

`lab_tcp FOLDER` reads FOLDER/network.json; leaves FOLDER/frames.json: {bytes, frames}: how many
bytes came, and the lengths of all frames that the router put on the bridge's line.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from pathlib import Path

from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.emulation.namespace import inside
from giaoban.topology.network import Network
from giaoban.traffic.batch import SO_RCVBUFFORCE

EVERYTHING = 0x0003  # ETH_P_ALL
PORT = 9999
SENT_BYTES = 1_000_000


def main(folder: Path) -> int:
    network = Network.model_validate_json((folder / "network.json").read_text(encoding="utf-8"))
    with ProvinceNet(network, 7) as net:
        with inside(net.namespace("r-0")):
            sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERYTHING))
            sniffer.bind((net.interfaces["access-b-0", "r-0"], EVERYTHING))
            sniffer.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
            sniffer.setblocking(False)
        with inside(net.namespace("b-0")):
            server = socket.create_server((network.address("b-0"), PORT))
        with inside(net.namespace("mcu")):
            client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        came = [0]

        def take() -> None:
            accepted, _ = server.accept()
            with accepted:
                while part := accepted.recv(1 << 16):
                    came[0] += len(part)

        taker = threading.Thread(target=take)
        taker.start()
        with client, server, sniffer:
            client.connect((network.address("b-0"), PORT))
            client.sendall(bytes(SENT_BYTES))
            client.close()
            taker.join()
            lengths = []
            while True:
                try:
                    _, address = sniffer.recvfrom(0, socket.MSG_PEEK)
                    length = sniffer.recv_into(bytearray(1), 0, socket.MSG_TRUNC)
                except BlockingIOError:
                    break
                if address[2] == socket.PACKET_OUTGOING:
                    lengths.append(length)
    (folder / "frames.json").write_text(json.dumps({"bytes": came[0], "frames": lengths}))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
