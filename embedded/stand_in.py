"""The sandbox's part of a start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded import credentials, ports, sandbox
from embedded.progress import step

if TYPE_CHECKING:
    from embedded.environ import Given
    from embedded.layout import Layout
    from embedded.process import Child
    from embedded.supervisor import Supervisor


class StandIn:
    """The sandbox, unless a person brought Roblox along: then none of it does anything.

    The names under which the processes find it are in the env file from the beginning; mail's
    alone are told by itself, in `connect`.
    """

    def __init__(self, layout: Layout, given: Given, supervisor: Supervisor) -> None:
        self._layout = layout
        self._given = given
        self._supervisor = supervisor
        self._child: Child | None = None
        self._is_connected = bool(given.roblox)
        known = layout.run / "ports.json"
        self._port = 0 if given.roblox else ports.remembered(known, "sandbox")
        self._dns_port = 0 if given.roblox else ports.remembered(known, "dns")
        credentials.update(layout.env_file, self._names())

    def _names(self) -> dict[str, str]:
        others = {**sandbox.WITHOUT_SENDGRID, **sandbox.WITHOUT_STRIPE}
        if self._given.roblox:
            return {"SANDBOX_URL": "", "DNS_RESOLVER": "", **others}
        if not self._given.stripe:
            held = credentials.read(self._layout.env_file).get("STRIPE_SECRET_KEY", "")
            others |= sandbox.choose_stripe(self._port, held)
        address = sandbox.address(self._port)
        return {
            "ROBLOX_API_URL": address,
            "SANDBOX_URL": address,
            "DNS_RESOLVER": f"{ports.LOOPBACK}:{self._dns_port}",
            **others,
        }

    def begin(self) -> None:
        """On its way up from now on, if it was not before."""
        if self._child is None and not self._is_connected:
            folder = self._layout.home / "sandbox"
            service = sandbox.service(self._layout, self._port, folder, dns_port=self._dns_port)
            (self._child,) = self._supervisor.begin(service)

    def connect(self) -> None:
        """Once it is there, have it know of us."""
        if self._is_connected:
            return
        self.begin()
        with step("Sandbox") as current:
            if self._child:
                self._child.wait_ready()
            if self._given.sendgrid:
                mail = sandbox.connect_sendgrid(self._port, self._given.public_url)
                credentials.update(self._layout.env_file, mail)
                current.note = "mail goes there"
            if not self._given.stripe:
                held = credentials.read(self._layout.env_file)
                sandbox.connect_stripe(self._port, held["STRIPE_SECRET_KEY"])
        self._is_connected = True
