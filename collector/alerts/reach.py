"""Where alerts may go: in goes every address that this process is about to connect to, out comes a
refusal of those that are not public. What a name means is so checked when it is used, also behind a
redirect, and for libraries that connect by themselves."""

from __future__ import annotations

import ipaddress
import socket
import sys
import threading
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are an IPv4 address."""
EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class PrivateAddress(PermissionError):
    """An alert would have gone into the network of the collector."""


def is_public(address: Address) -> bool:
    """Is it on the internet, with every address that it may stand for?"""
    return all(one.is_global and not one.is_multicast for one in _meanings(address))


def may_reach(host: str, allowed: Sequence[Network]) -> bool:
    """May alerts go to this numeric address? `allowed`: private ones that may be reached."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if any(one in network for one in _meanings(address) for network in allowed):
        return True
    return is_public(address)


def _meanings(address: Address) -> list[Address]:
    found: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        teredo = address.teredo
        inner = [address.ipv4_mapped, address.sixtofour, teredo[1] if teredo else None]
        if address in NAT64:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        # What a mapped address is called itself says nothing.
        embedded: list[Address] = [one for one in inner if one is not None]
        return embedded if address.ipv4_mapped is not None else found + embedded
    return found


class Guard:
    """Refuses connections of the whole process, from `start` on; there is no end. `refusal` says
    why the last one of this thread was refused."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = tuple(allowed)
        self._of_thread = threading.local()

    def start(self) -> None:
        """From now on: audit hooks can't be taken away (PEP 578)."""
        sys.addaudithook(self._hook)

    def forget(self) -> None:
        """A new delivery begins in this thread."""
        self._of_thread.refusal = ""

    @property
    def refusal(self) -> str:
        """Why the last connection of this thread was refused; empty: none was."""
        return str(getattr(self._of_thread, "refusal", ""))

    def _hook(self, event: str, args: tuple[object, ...]) -> None:
        if event not in EVENTS:
            return
        used, address = args[0], args[1] if len(args) > 1 else None
        if address is None:
            return  # on a socket that is connected, and so was checked
        family = used.family if isinstance(used, socket.socket) else None
        host = address[0] if isinstance(address, tuple) and address else None
        if family in {socket.AF_INET, socket.AF_INET6} and isinstance(host, str):
            if may_reach(host, self._allowed):
                return
            reason = f"{host} is a private address: `visitreel serve --allow-private` can allow it"
        else:
            reason = "alerts go to internet addresses only"
        self._of_thread.refusal = reason
        raise PrivateAddress(reason)
