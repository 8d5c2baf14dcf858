"""A TCP proxy for each process and server: it can delay, hold, swallow, cut and refuse; all are on one thread."""

import asyncio
import socket
import struct
import threading
from enum import Enum


class Mode(Enum):
    """What a proxy does with bytes and new connections."""

    PASS = "pass"
    DELAY = "delay"      # each piece arrives two seconds late
    HOLD = "hold"        # nothing arrives until the end, then all of it: packets lost and sent again
    SWALLOW = "swallow"  # nothing arrives ever, and neither side hears that: a half-open connection
    REFUSE = "refuse"    # connections are reset, old and new ones

    @property
    def keeps(self) -> bool:
        """Whether new connections are taken but lead nowhere."""
        return self in (Mode.HOLD, Mode.SWALLOW)


DELAY_SECONDS = 2.0


class Link:
    """One connection through a proxy."""

    def __init__(self, proxy: "Proxy", client: asyncio.StreamWriter) -> None:
        self.proxy = proxy
        self.writers = [client]
        self.is_lost = False        # bytes were swallowed: it never carries anything again
        self.cuts_next = False      # the next piece is cut in its middle

    def reset(self) -> None:
        """Ends both sides at once, with RST instead of FIN."""
        for writer in self.writers:
            raw = writer.get_extra_info("socket")
            if raw is not None:
                try:
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                except OSError:
                    pass
            writer.transport.abort()

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carries the bytes of one direction."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = loop.create_task(self._deliver(queue, writer))
        try:
            while piece := await reader.read(65536):
                late = DELAY_SECONDS if self.proxy.mode is Mode.DELAY else 0.0
                queue.put_nowait((loop.time() + late, piece))
        except OSError:
            pass
        finally:
            # The end travels behind the bytes, also where they are held.
            queue.put_nowait((loop.time(), b""))
            await delivery

    async def _deliver(self, queue: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, piece = await queue.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            while self.proxy.mode is Mode.HOLD and not self.is_lost:
                await self.proxy.changed.wait()
            if self.proxy.mode is Mode.SWALLOW:
                self.is_lost = True
            if self.is_lost:
                await self.proxy.passes_again()
                self.reset()
                return
            if not piece:
                writer.close()
                return
            try:
                if self.cuts_next and len(piece) > 1:
                    writer.write(piece[: len(piece) // 2])
                    await writer.drain()
                    self.reset()
                    return
                writer.write(piece)
                await writer.drain()
            except OSError:
                self.reset()
                return


class Proxy:
    """The way from one process to one server."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.port = 0
        self.mode = Mode.PASS
        self.changed = asyncio.Event()
        self.links: set[Link] = set()

    async def open(self) -> None:
        """Begins to listen."""
        listener = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=256)
        self.port = listener.sockets[0].getsockname()[1]
        self.listener = listener

    def change(self, mode: Mode) -> None:
        """Changes what happens from now on."""
        self.mode = mode
        before, self.changed = self.changed, asyncio.Event()
        before.set()
        if mode is Mode.REFUSE:
            self.cut()

    def cut(self, in_frame: bool = False) -> None:
        """Resets all connections, at once or in the middle of the next piece."""
        for link in list(self.links):
            if in_frame:
                link.cuts_next = True
            else:
                link.reset()

    async def passes_again(self) -> None:
        """Returns once the proxy carries bytes."""
        while self.mode.keeps:
            await self.changed.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(self, writer)
        self.links.add(link)
        try:
            if self.mode is Mode.REFUSE:
                return link.reset()
            if self.mode.keeps:
                # As a host that is not reachable: the connection seems to stand, and nothing comes.
                await self.passes_again()
                return link.reset()
            upstream, server = await asyncio.open_connection("127.0.0.1", self.server_port)
            link.writers.append(server)
            await asyncio.gather(link.pump(reader, server), link.pump(upstream, writer))
        except OSError:
            link.reset()
        finally:
            self.links.discard(link)
            for side in link.writers:
                side.close()


class Proxies:
    """All proxies, and the thread they live on."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="proxies", daemon=True).start()

    def add(self, server_port: int) -> Proxy:
        """Opens a proxy to a server."""
        async def make() -> Proxy:
            proxy = Proxy(server_port)
            await proxy.open()
            return proxy
        return asyncio.run_coroutine_threadsafe(make(), self.loop).result(10)

    def change(self, proxies: list[Proxy], mode: Mode) -> None:
        """Changes the mode of some."""
        for proxy in proxies:
            self.loop.call_soon_threadsafe(proxy.change, mode)

    def cut(self, proxies: list[Proxy], in_frame: bool = False) -> None:
        """Cuts the connections of some."""
        for proxy in proxies:
            self.loop.call_soon_threadsafe(proxy.cut, in_frame)
