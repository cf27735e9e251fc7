"""Kamailio (https://www.kamailio.org): a registrar that takes no calls, as a foreign device."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients.programs import HOST, end, free_ports

MODULES = ("sl", "tm", "pv", "usrloc", "registrar", "siputils", "textops", "kex")
CONFIG = """#!KAMAILIO
debug=0
log_stderror=yes
fork=yes
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:{host}:{port}
mpath="/usr/lib/kamailio/modules/:/usr/lib/x86_64-linux-gnu/kamailio/modules/:/usr/lib/aarch64-linux-gnu/kamailio/modules/"
{modules}
request_route {{
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    if (is_method("REGISTER")) {{ save("location"); exit; }}
    sl_send_reply("405", "Method Not Allowed");
}}
"""


@contextmanager
def kamailio(folder: Path) -> Iterator[str]:
    """Run it while the block runs; its address, as `sip:HOST:PORT`."""
    port = free_ports()
    modules = "\n".join(f'loadmodule "{name}.so"' for name in MODULES)
    config = folder / "kamailio.cfg"
    config.write_text(CONFIG.format(host=HOST, port=port, modules=modules), encoding="utf-8")
    command = ["/usr/sbin/kamailio", "-DD", "-E", "-f", str(config), "-m", "32", "-M", "8"]
    job = subprocess.Popen([*command, "-Y", str(folder)], stderr=subprocess.DEVNULL)
    try:
        yield f"sip:{HOST}:{port}"
        assert job.poll() is None
    finally:
        end(job)
