"""As much of AMQP 0-9-1 as chaos needs: publish, get, purge, delete (www.rabbitmq.com/amqp-0-9-1-reference)."""

import socket
import struct

METHOD, HEADER, BODY, FRAME_END = 1, 2, 3, b"\xce"
FRAME_SIZE = 100_000  # of a piece of a body; below the 131,072 bytes that are agreed on


def short(text: str) -> bytes:
    """Encodes a short string."""
    data = text.encode()
    return bytes([len(data)]) + data


class Connection:
    """One connection with one channel, for a few calls."""

    def __init__(self, port: int, timeout: float = 10) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(b"AMQP\x00\x00\x09\x01")
        self._expect(10, 10)
        plain = b"\x00guest\x00guest"
        self._call(0, 10, 11, struct.pack(">I", 0) + short("PLAIN") + struct.pack(">I", len(plain)) + plain
                   + short("en_US"), answer=(10, 30))
        self._send(0, 10, 31, struct.pack(">HIH", 1, 131072, 0))
        self._call(0, 10, 40, short("/") + short("") + b"\x00", answer=(10, 41))
        self._call(1, 20, 10, short(""), answer=(20, 11))

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def publish(self, queue: str, body: bytes, content_type: str = "application/json") -> None:
        """Publishes a durable message and returns once it is confirmed."""
        self._call(1, 85, 10, b"\x00", answer=(85, 11))
        self._send(1, 60, 40, struct.pack(">H", 0) + short("") + short(queue) + b"\x00")
        header = struct.pack(">HHQH", 60, 0, len(body), 0x8000 | 0x1000) + short(content_type) + b"\x02"
        self._frame(HEADER, 1, header)
        for start in range(0, len(body), FRAME_SIZE):
            self._frame(BODY, 1, body[start:start + FRAME_SIZE])
        self._expect(60, 80)

    def get(self, queue: str) -> bytes | None:
        """Takes one message off a queue, headers and body in one piece, or nothing where it is empty."""
        method, _ = self._call(1, 60, 70, struct.pack(">H", 0) + short(queue) + b"\x01", answer=None)
        if method == (60, 72):
            return None
        header = self._read()[1]
        size, body = struct.unpack(">Q", header[4:12])[0], b""
        while len(body) < size:
            body += self._read()[1]
        return header + body

    def purge(self, queue: str) -> int:
        """Empties a queue and returns how many messages it held."""
        answer = self._call(1, 50, 30, struct.pack(">H", 0) + short(queue) + b"\x00", answer=(50, 31))
        return struct.unpack(">I", answer[1][4:8])[0]

    def delete(self, queue: str) -> int:
        """Deletes a queue and returns how many messages it held."""
        answer = self._call(1, 50, 40, struct.pack(">H", 0) + short(queue) + b"\x00", answer=(50, 41))
        return struct.unpack(">I", answer[1][4:8])[0]

    def _call(self, channel: int, of: int, method: int, arguments: bytes,
              answer: tuple[int, int] | None) -> tuple[tuple[int, int], bytes]:
        self._send(channel, of, method, arguments)
        return self._expect(*answer) if answer else self._expect()

    def _send(self, channel: int, of: int, method: int, arguments: bytes) -> None:
        self._frame(METHOD, channel, struct.pack(">HH", of, method) + arguments)

    def _frame(self, kind: int, channel: int, payload: bytes) -> None:
        self.socket.sendall(struct.pack(">BHI", kind, channel, len(payload)) + payload + FRAME_END)

    def _expect(self, *wanted: int) -> tuple[tuple[int, int], bytes]:
        while True:
            kind, payload = self._read()
            method = struct.unpack(">HH", payload[:4])
            # connection.blocked and unblocked are told to whoever asked; we did not, but a broker may send them.
            if kind == METHOD and method not in ((10, 60), (10, 61)):
                break
        if wanted and method != wanted:
            raise ConnectionError(f"the broker answered {method} instead of {wanted}: {payload[4:200]!r}")
        return (method[0], method[1]), payload

    def _read(self) -> tuple[int, bytes]:
        while True:
            head = self.stream.read(7)
            if len(head) < 7:
                raise ConnectionError("the broker closed the connection")
            kind, _, size = struct.unpack(">BHI", head)
            payload = self.stream.read(size + 1)[:-1]
            if kind in (METHOD, HEADER, BODY):
                return kind, payload
