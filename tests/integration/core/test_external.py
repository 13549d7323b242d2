"""Calls to addresses that customers name, at real servers and a real name server on loopback."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import time

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.core import dns_api, external
from apps.core.breaker import breaker_state
from apps.core.external import AddressRefused, VendorRefused, VendorTimeout, VendorUnavailable
from apps.core.outgoing import Timeouts
from tests.fixtures.receivers import Answer, Receiver

NAME = "hooks.school.example"


@pytest.fixture
def closed(settings):
    """As in production: nothing but the open internet."""
    settings.OUTGOING_NETWORKS_ALLOWED = []


@pytest.fixture(autouse=True)
def _own_redis(own_redis):
    """The name servers' breaker starts closed."""


class TestAddresses:
    @pytest.mark.parametrize(
        "url",
        [
            "https://127.0.0.1/", "https://localhost/", "https://x.localhost/", "https://[::1]/",
            "https://10.0.0.5/", "https://169.254.169.254/latest/", "https://[fd00:ec2::254]/",
            "https://100.100.100.200/", "https://168.63.129.16/", "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/", "https://[64:ff9b::7f00:1]/", "https://[fe80::1%25eth0]/",
            "https://0/", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
            "https://0x7f.1/", "https://0177.0.0.1/", "https://127.0.0.1./", "https://1.1.1.1.1/",
            "https://\uff11\uff12\uff17.0.0.1/", "https://127\u30020\u30020\u30021/",
            "https://\u24dbocalhost/", "https://%31%32%37.0.0.1/", "https://metadata/",
            "http://8.8.8.8/", "https://8.8.8.8:22/", "https://8.8.8.8:6379/", "https://8.8.8.8:80/",
            "https://me:secret@8.8.8.8/", "https://8.8.8.8\\@127.0.0.1/", "https://a b.example/",
            "ftp://8.8.8.8/", "file:///etc/passwd", "gopher://8.8.8.8/", "//8.8.8.8/", "https:///x",
            "https://8.8.8.8/\r\nhost: inner", "", "school.example", "https://" + "x" * 3000,
        ],
    )  # fmt: skip
    def test_refused_without_a_question_or_a_call(self, closed, url, receiver, name_server):
        for act in (external.check, lambda url: external.request("POST", url)):
            with pytest.raises(AddressRefused) as refused:
                act(url)
            assert refused.value.permanent
            assert "secret" not in refused.value.detail
        assert receiver.received == []

    @pytest.mark.parametrize("url", ["https://8.8.8.8/", "https://[2606:4700::1111]:8443/hook?x=1"])
    def test_public_ones_may_be_called(self, closed, url):
        external.check(url)

    @pytest.mark.parametrize(
        "found",
        [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["8.8.8.8", "::1"], ["2606:4700::1", "fd00::1"]],
    )
    def test_one_bad_address_of_a_name_spoils_it(self, closed, name_server, found):
        name_server.addresses[NAME] = [found]
        with pytest.raises(AddressRefused, match="not a public address") as refused:
            external.check(f"https://{NAME}/")
        assert not any(address in refused.value.detail for address in found)

    def test_names_in_other_scripts_are_looked_up_as_what_they_are(self, closed, name_server):
        name_server.addresses["xn--schle-mva.example"] = [["8.8.8.8"]]
        external.check("https://sch\u00fcle.example./")

    def test_a_name_that_does_not_exist(self, closed, name_server):
        with pytest.raises(AddressRefused, match="does not exist"):
            external.check(f"https://{NAME}/")

    def test_an_opened_network_takes_plain_http_on_any_port(self, receiver, settings):
        settings.OUTGOING_NETWORKS_ALLOWED = ["127.0.0.0/8"]
        assert external.request("GET", receiver.url).status == 200
        with pytest.raises(AddressRefused):
            external.request("GET", "http://10.0.0.1/")


class TestRebinding:
    """A name server that says one thing to the check and another to whoever connects."""

    def test_the_connection_goes_where_the_check_looked(
        self, closed, name_server, receiver, monkeypatch
    ):
        name_server.addresses[NAME] = [["8.8.8.8"], ["127.0.0.1"]]
        tried = []

        def connect(_self, host, port, *_args, **_options):
            tried.append((host, port))
            raise httpcore.ConnectError("unplugged")

        monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
        with pytest.raises(VendorUnavailable):
            external.request("POST", f"https://{NAME}:8443/")
        assert tried == [("8.8.8.8", 8443)]
        with pytest.raises(AddressRefused):  # by now the name says what it meant
            external.request("POST", f"https://{NAME}:8443/")
        assert len(tried) == 1

    def test_the_other_way_round_reaches_what_was_checked(self, name_server, receiver, settings):
        settings.OUTGOING_NETWORKS_ALLOWED = ["127.0.0.0/8"]
        name_server.addresses[NAME] = [["127.0.0.1"], ["10.0.0.1"]]
        assert external.request("GET", f"http://{NAME}:{receiver.port}/x").status == 200
        assert receiver.received[0].headers["host"] == f"{NAME}:{receiver.port}"


class TestCalls:
    def test_what_arrives(self, receiver):
        reply = external.request("POST", receiver.url + "?a=1", json={"b": 2}, headers={"X-C": "3"})
        assert (reply.status, reply.content) == (200, b"ok")
        call = receiver.received[0]
        assert (call.method, call.path, call.body) == ("POST", "/hook?a=1", b'{"b":2}')
        sent = {name: call.headers[name] for name in ("x-c", "content-type", "accept-encoding")}
        assert sent == {
            "x-c": "3",
            "content-type": "application/json",
            "accept-encoding": "identity",
        }

    def test_the_caller_does_not_choose_the_host_header(self, receiver):
        external.request("GET", receiver.url, headers={"Host": "inner"})
        assert receiver.received[0].headers["host"] == f"127.0.0.1:{receiver.port}"

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_a_refusal(self, receiver, status):
        receiver.says(Answer(status, {"location": f"http://127.0.0.1:{receiver.port}/secret"}))
        with pytest.raises(VendorRefused) as refused:
            external.request("POST", receiver.url)
        assert (refused.value.reply.status, len(receiver.received)) == (status, 1)

    @pytest.mark.parametrize(
        ("status", "error"), [(404, VendorRefused), (429, VendorRefused), (503, VendorUnavailable)]
    )
    def test_a_failure_keeps_the_answer(self, receiver, status, error):
        receiver.says(Answer(status, {"retry-after": "7"}, b"why"))
        with pytest.raises(error) as caught:
            external.request("POST", receiver.url)
        assert (caught.value.reply.content, caught.value.retry_after) == (b"why", 7)

    def test_a_large_answer_is_an_error_or_cut(self, receiver):
        receiver.says(Answer(body=b"x" * 100_000))
        assert external.request("GET", receiver.url, largest=500, cut=True).content == b"x" * 500
        with pytest.raises(VendorUnavailable, match="too large"):
            external.request("GET", receiver.url, largest=500)

    def test_an_answer_that_trickles_does_not_outlive_the_deadline(self, receiver):
        """Each byte comes well before the time to read is over."""
        receiver.says(Answer(drip=1))
        started = time.monotonic()
        with pytest.raises(VendorTimeout):
            external.request("GET", receiver.url, timeout=Timeouts(total=0.15, read=10))
        assert time.monotonic() - started < 5  # the status line alone takes nine seconds

    def test_nobody_there(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # and listens to nobody
            with pytest.raises(VendorUnavailable) as caught:
                external.request("GET", f"http://127.0.0.1:{taken.getsockname()[1]}/")
        assert not caught.value.sent

    def test_the_proxies_of_the_environment_are_not_asked(self, receiver, monkeypatch):
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert external.request("GET", receiver.url).status == 200


def make_certificate(folder, name: str) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file = folder / "server.pem"
    file.write_bytes(secret + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


class TestTls:
    @pytest.fixture
    def tls(self, tmp_path, monkeypatch, name_server):
        context = make_certificate(tmp_path, NAME)
        asked = []
        context.sni_callback = lambda _socket, name, _context: asked.append(name)
        trusting = ssl.create_default_context(cafile=tmp_path / "server.pem")
        monkeypatch.setattr(external, "trust", lambda: trusting)
        with Receiver(context) as server:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
            server.asked = asked
            yield server
            server.shutdown()

    def test_the_name_is_asked_for_and_checked_though_the_address_is_called(self, tls, name_server):
        name_server.addresses[NAME] = [["127.0.0.1"]]
        assert external.request("GET", f"https://{NAME}:{tls.port}/").status == 200
        assert tls.asked == [NAME]

    def test_a_certificate_of_another_name_is_refused(self, tls, name_server):
        name_server.addresses["other.example"] = [["127.0.0.1"]]
        with pytest.raises(VendorUnavailable, match="certificate") as caught:
            external.request("GET", f"https://other.example:{tls.port}/")
        assert not caught.value.sent
        assert tls.received == []


class TestNameServers:
    def test_a_silent_resolver_counts_against_its_breaker(self, name_server, monkeypatch):
        monkeypatch.setattr(dns_api, "TIMEOUT", 0.04)
        name_server.is_silent = True
        with pytest.raises(dns_api.DnsUnavailable):
            dns_api.addresses(NAME, lifetime=0.04)
        assert breaker_state(dns_api.VENDOR).failures == 1

    def test_a_domain_whose_servers_fail_does_not(self, name_server):
        import dns.rcode

        name_server.otherwise = dns.rcode.SERVFAIL
        with pytest.raises(dns_api.DnsUnavailable):
            dns_api.addresses(NAME)
        assert breaker_state(dns_api.VENDOR).failures == 0
