"""Whether the kernel can pace what goes to an address: `fq` is the queue of the way there."""

from __future__ import annotations


def kernel_paces(address: str) -> bool:
    """Whether packets to this IPv4 address leave through an interface whose root queue is `fq`.

    SO_TXTIME means nothing to other queues: they let packets go at once.
    """
    # takes a while to load, and is asked once
    from pyroute2 import IPRoute

    with IPRoute() as ip:
        routes = ip.route("get", dst=address)
        if not routes:
            return False
        out = routes[0].get_attr("RTA_OIF")
        root = 0xFFFFFFFF  # TC_H_ROOT, linux/pkt_sched.h
        return any(
            queue["parent"] == root and queue.get_attr("TCA_KIND") == "fq"
            for queue in ip.get_qdiscs(index=out)
            if queue["index"] == out
        )
