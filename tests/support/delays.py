"""A network that takes its time."""

import asyncio

from dockerflow.cli.verify.proxy import CHUNK, Proxy


class Distance(Proxy):
    """A proxy whose server is so many seconds away: each answer takes as long."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        super().__init__(host, port)
        self.seconds = seconds

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            await asyncio.sleep(self.seconds / 2)  # of either way
            writer.write(data)
        writer.write_eof()
