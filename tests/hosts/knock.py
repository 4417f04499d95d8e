"""Asks for a TCP connection to 127.0.0.1 of a neighbour: a frame for its network card with a packet for its loopback address.

usage: knock.py ADDRESS PORT, as root. Prints "open" when the neighbour accepts, "closed" when nothing comes within 5 seconds.
"""

import socket
import struct
import sys
import time

neighbour, port = sys.argv[1], int(sys.argv[2])
# Another port each time: an earlier question is still being answered, again and again.
own_port, sequence = 33000 + time.time_ns() // 1_000_000 % 30000, int(time.time())

# A connection to its SSH server leaves both addresses and its hardware address in our tables.
with socket.create_connection((neighbour, 22), timeout=10) as connection:
    own = connection.getsockname()[0]
with open("/proc/net/arp", encoding="ascii") as table:
    hardware = next(row.split()[3] for row in table if row.split()[0] == neighbour)
with open("/sys/class/net/eth0/address", encoding="ascii") as address:
    own_hardware = address.read().strip()


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


source, target = socket.inet_aton(own), socket.inet_aton("127.0.0.1")
syn = struct.pack("!HHIIBBHHH", own_port, port, sequence, 0, 5 << 4, 0x02, 64240, 0, 0)
pseudo = source + target + struct.pack("!HH", socket.IPPROTO_TCP, len(syn))
syn = syn[:16] + struct.pack("!H", checksum(pseudo + syn)) + syn[18:]
header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, socket.IPPROTO_TCP, 0, source, target)
header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
frame = bytes.fromhex((hardware + own_hardware).replace(":", "")) + b"\x08\x00" + header + syn

wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
wire.bind(("eth0", 0x0800))
wire.settimeout(0.5)
end = time.monotonic() + 5
wire.send(frame)
while time.monotonic() < end:
    try:
        seen = wire.recv(2048)
    except TimeoutError:
        wire.send(frame)
        continue
    if seen[26:30] == target and struct.unpack("!HH", seen[34:38]) == (port, own_port) and seen[47] & 0x12 == 0x12:
        print("open")
        sys.exit()
print("closed")
