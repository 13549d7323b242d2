"""Servers brought along: reached, let in, and with TLS their certificate checked."""

import datetime as dt
import os
import socket
import ssl
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from embedded import external
from embedded.faults import Fault
from embedded.layout import Layout

VALKEY = urlsplit(os.environ["REDIS_URL"])


def certify(folder, host):
    """A self-signed certificate for `host` and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / f"{host}.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@contextmanager
def tls_in_front_of_valkey(certificate):
    """The port of a TLS end that hands one connection through to this run's Valkey."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=hand_through, args=(server, context))
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


def hand_through(server, context):
    plain, _ = server.accept()
    try:
        with (
            context.wrap_socket(plain, server_side=True) as outer,
            socket.create_connection((VALKEY.hostname, VALKEY.port)) as inner,
        ):
            inner.sendall(outer.recv(4096))
            while part := inner.recv(4096):
                outer.sendall(part)
                if part.endswith(b"+PONG\r\n"):
                    break
    except (ssl.SSLError, ConnectionError):
        plain.close()


def test_a_plain_server_is_let_in():
    external.require_redis(os.environ["REDIS_URL"])


def test_a_wrong_password_is_refused():
    with pytest.raises(Fault, match="WRONGPASS"):
        external.require_redis(f"redis://:wrong@{VALKEY.hostname}:{VALKEY.port}/0")


def test_a_missing_password_is_refused():
    with pytest.raises(Fault, match="NOAUTH"):
        external.require_redis(f"redis://{VALKEY.hostname}:{VALKEY.port}/0")


def test_a_closed_port_is_refused(unused_tcp_port):
    with pytest.raises(Fault, match="Connection refused"):
        external.require_redis(f"redis://127.0.0.1:{unused_tcp_port}/0")


@pytest.mark.parametrize("url", ["http://127.0.0.1", "127.0.0.1:6379", "redis://"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(Fault, match="must start with redis://"):
        external.require_redis(url)


def test_tls_with_a_trusted_certificate_is_let_in(tmp_path):
    certificate = certify(tmp_path, "localhost")
    with tls_in_front_of_valkey(certificate) as port:
        external.require_redis(
            f"rediss://:{VALKEY.password}@localhost:{port}/0?ssl_ca_certs={certificate}"
        )


def test_tls_with_an_unknown_certificate_is_refused(tmp_path):
    with (
        tls_in_front_of_valkey(certify(tmp_path, "localhost")) as port,
        pytest.raises(Fault, match="certificate does not hold: self-signed"),
    ):
        external.require_redis(f"rediss://:{VALKEY.password}@localhost:{port}/0")


def test_tls_for_another_host_is_refused(tmp_path):
    certificate = certify(tmp_path, "other.example")
    with (
        tls_in_front_of_valkey(certificate) as port,
        pytest.raises(Fault, match="Hostname mismatch"),
    ):
        external.require_redis(
            f"rediss://:{VALKEY.password}@localhost:{port}/0?ssl_ca_certs={certificate}"
        )


def test_switching_the_check_off_is_refused():
    with pytest.raises(Fault, match="switches the certificate check off"):
        external.require_redis("rediss://127.0.0.1:1/0?ssl_cert_reqs=none")


def test_a_database_is_let_in():
    external.require_database(Layout.of("test"), os.environ["DATABASE_URL"])


def test_a_database_with_a_wrong_password_is_refused():
    url = urlsplit(os.environ["DATABASE_URL"])
    with pytest.raises(Fault, match="does not let us in") as caught:
        external.require_database(
            Layout.of("test"), f"postgresql://{url.username}:wrong@127.0.0.1:{url.port}/x"
        )
    assert "password authentication failed" in caught.value.detail
