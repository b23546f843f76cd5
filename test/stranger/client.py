"""An agent written from docs/protocol.md alone, with nothing but Python's standard library.

    client.py SOCKET DEVICE COUNT [--careless]

Sends COUNT alerts and prints how often each frame went out, once all are acknowledged. Careless: it sends
every batch twice, hangs up after every third without waiting for an answer, and after that does not believe
Welcome but goes back to its first alert that was not acknowledged on the connection before.
"""
import base64
import os
import socket
import struct
import sys
import time

BATCH = 50


# Protobuf: varints, and fields of three kinds.
def varint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def number(field, n):
    return varint(field << 3) + varint(n)


def fixed(field, n):
    return varint(field << 3 | 1) + struct.pack("<Q", n)


def nested(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def fields(message):
    """Field number to its last value: an int, or bytes."""
    at, found = 0, {}

    def take_varint():
        nonlocal at
        n, shift = 0, 0
        while True:
            n |= (message[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if message[at - 1] < 0x80:
                return n

    while at < len(message):
        tag = take_varint()
        if tag & 7 == 0:
            found[tag >> 3] = take_varint()
        else:
            size = {1: 8, 5: 4}.get(tag & 7) or take_varint()
            found[tag >> 3] = message[at : at + size]
            at += size
    return found


def alert(sequence, now_ns):
    identity = nested(1, "unsigned:stranger") + nested(2, "unsigned") + nested(3, "stranger")
    destination = nested(1, "203.0.113.0/24:443") + nested(2, "203.0.113.9") + number(3, 443)
    body = nested(1, f"{sequence:032x}") + number(2, 1) + number(3, 1) + number(4, 2)
    body += nested(6, f"stranger sent {sequence} bytes and got nothing back")
    body += fixed(8, now_ns) + fixed(9, now_ns) + nested(10, identity) + nested(12, destination)
    body += number(13, sequence) + number(15, 1) + number(16, 1)
    uuid7 = (now_ns // 10**6) << 80 | 7 << 76 | 2 << 62 | sequence
    return nested(1, uuid7.to_bytes(16, "big")) + number(2, sequence) + fixed(3, now_ns) + nested(4, body)


class Connection:
    """A WebSocket that has been welcomed. Messages out are masked, messages in are not."""

    def __init__(self, path, device, outbox):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Protocol: freshet.v2\r\n\r\n".encode()
        )
        status = self.file.readline().decode().strip()
        while self.file.readline() not in (b"\r\n", b""):
            pass
        if " 101 " not in status:
            sys.exit(f"refused: {status}")
        hello = nested(1, device) + nested(2, "stranger 1") + fixed(3, time.time_ns())
        host = nested(1, "stranger") + nested(2, "linux")
        self.send(nested(1, hello + nested(5, host) + nested(6, outbox)))
        welcome = fields(self.receive()[2])
        # How far it is known to be is a hint; what was acknowledged here begins at nothing.
        self.through, self.credit = 0, welcome[4]

    def send(self, message, opcode=2):
        size = len(message)
        if size < 126:
            head = bytes([0x80 | opcode, 0x80 | size])
        elif size < 65536:
            head = bytes([0x80 | opcode, 0x80 | 126]) + struct.pack(">H", size)
        else:
            head = bytes([0x80 | opcode, 0x80 | 127]) + struct.pack(">Q", size)
        mask = os.urandom(4)
        whole = int.from_bytes(message, "big") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        self.socket.sendall(head + mask + whole.to_bytes(size, "big"))

    def receive(self):
        """The fields of the next envelope."""
        message = b""
        while True:
            first, second = self.file.read(2)
            size = second & 0x7F
            if size > 125:
                size = int.from_bytes(self.file.read(2 if size == 126 else 8), "big")
            content = self.file.read(size)
            if first & 0x0F == 9:
                self.send(content, opcode=10)
            elif first & 0x0F == 8:
                sys.exit(f"closed: {content[:2].hex()} {content[2:].decode()}")
            elif first & 0x0F < 3:
                message += content
                if first & 0x80:
                    return fields(message)

    def acknowledged(self):
        """Waits for an Ack; everything up to the number it returns is stored."""
        envelope = self.receive()
        if 6 in envelope:
            sys.exit(f"goodbye: {fields(envelope[6])}")
        ack = fields(envelope.get(4, b""))
        if 2 in ack:
            sys.exit(f"rejected: {fields(ack[2])}")
        self.through = max(self.through, ack.get(1, 0))
        return self.through


def main(path, device, count, careless):
    now_ns, outbox = time.time_ns(), os.urandom(16)
    items = [alert(sequence, now_ns) for sequence in range(1, count + 1)]
    sent = batches = connections = through = 0
    while through < count:
        connection, connections = Connection(path, device, outbox), connections + 1
        # Numbers begin at 1, so an alert's place is the number before it.
        at = through
        while through < count:
            upto = min(at + min(BATCH, connection.credit // 2), count)
            batch = nested(3, b"".join(nested(1, item) for item in items[at:upto]))
            for _ in range(2 if careless else 1):
                connection.send(batch)
                sent, batches = sent + upto - at, batches + 1
            if careless and batches % 6 == 0:
                connection.socket.close()
                connection.file.close()
                break
            while through < upto:
                through = connection.acknowledged()
            at = upto
    print(f"{count} alerts acknowledged, {sent} sent, {connections} connections")


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), "--careless" in sys.argv[4:])
