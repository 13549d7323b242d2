"""Answers over UDP and TCP (RFC 1035): what was published here, that nothing else exists below the
names that are nobody's (RFC 2606), and of all others what this machine's own name servers say.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from typing import cast

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

from sandbox.names import records
from sandbox.world import World

NOBODYS = ("example", "test", "invalid", "example.com", "example.net", "example.org")
TTL = 5
LARGEST_DATAGRAM = 512
PATIENCE = 2.0
MOST_ALIASES = 8


async def answer(world: World, wire: bytes) -> dns.message.Message | None:
    """None for what is no question."""
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
    if not query.question:
        return None
    asked = query.question[0]
    name = asked.name.to_text(omit_final_dot=True).lower()
    if not _is_ours(world, name):
        return await _forward(query)
    made = dns.message.make_response(query, recursion_available=True)
    made.flags |= dns.flags.AA
    _fill(world, made, asked.name, dns.rdatatype.to_text(asked.rdtype))
    if not made.answer and not records.exists(world, name):
        made.set_rcode(dns.rcode.NXDOMAIN)
    return made


def _fill(world: World, made: dns.message.Message, name: dns.name.Name, kind: str) -> None:
    """Follows aliases that lead to names published here."""
    for _ in range(MOST_ALIASES):
        text = name.to_text(omit_final_dot=True)
        for each in (kind, "CNAME"):
            values = records.find(world, text, each)
            if values:
                data = [records.as_data(each, value) for value in values]
                made.answer.append(dns.rrset.from_rdata_list(name, TTL, data))
                break
        if not values or each == kind:
            return
        name = dns.name.from_text(values[0])


def _is_ours(world: World, name: str) -> bool:
    return (
        not name
        or records.exists(world, name)
        or any(name == each or name.endswith(f".{each}") for each in NOBODYS)
    )


async def _forward(query: dns.message.Message) -> dns.message.Message:
    failed = dns.message.make_response(query, recursion_available=True)
    failed.set_rcode(dns.rcode.SERVFAIL)
    try:
        servers = [str(each) for each in dns.resolver.Resolver().nameservers]
        found, _ = await dns.asyncquery.udp_with_fallback(query, servers[0], timeout=PATIENCE)
    except (dns.exception.DNSException, OSError, IndexError):
        return failed
    return found


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, world: World) -> None:
        self._world = world
        self._under_way: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are of another class than asyncio's.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.ensure_future(self._reply(data, addr))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _reply(self, data: bytes, addr: tuple[str, int]) -> None:
        made = await answer(self._world, data)
        if made is not None:
            self._transport.sendto(_short(made), addr)


def _short(made: dns.message.Message) -> bytes:
    """What does not fit is left out, with the flag that has the asker come back over TCP."""
    wire = made.to_wire()
    if len(wire) <= LARGEST_DATAGRAM:
        return wire
    empty = dns.message.make_response(
        dns.message.make_query(made.question[0].name, made.question[0].rdtype, id=made.id),
        recursion_available=True,
    )
    empty.flags |= dns.flags.TC
    return empty.to_wire()


@contextlib.asynccontextmanager
async def serving(world: World, host: str, port: int) -> AsyncIterator[int]:
    """A name server for as long as the context lasts; gives its port. Raises `OSError`."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                made = await answer(world, await reader.readexactly(length))
                if made is None:
                    break
                wire = made.to_wire()
                writer.write(struct.pack("!H", len(wire)) + wire)
                await writer.drain()
        writer.close()

    loop = asyncio.get_running_loop()
    streams = await asyncio.start_server(converse, host, port)
    bound = int(streams.sockets[0].getsockname()[1])
    try:
        datagrams, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(world), local_addr=(host, bound)
        )
    except OSError:
        streams.close()
        raise
    try:
        yield bound
    finally:
        datagrams.close()
        streams.close()
