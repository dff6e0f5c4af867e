from __future__ import annotations

import asyncio
import http.server
import socket
import threading
from pathlib import Path
from typing import Iterator

import pytest

from kinfra import check_http_health, check_tcp_health, check_tunnel_health, dns_safe_slug, is_port_free, utils


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = int(self.path.rsplit("/", 1)[1]) if self.path[1:].isdigit() else 200
        self.send_response(status)
        self.send_header("Location", "/200")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_probes_say_what_is_there(port: int) -> None:
    url = f"http://127.0.0.1:{port}"
    assert check_tcp_health("127.0.0.1", port)
    assert check_http_health(f"{url}/200")
    assert check_http_health(f"{url}/404", expected_status=404)
    # A redirect is an answer, not a way.
    assert not check_http_health(f"{url}/302")
    assert check_http_health(f"{url}/302", expected_status=302, method="HEAD")
    assert asyncio.run(utils.check_http_health_async(f"{url}/200"))
    assert utils.wait_for_http_health(url, timeout=5)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]
        assert not check_tcp_health("127.0.0.1", nobody, 0.5)
        assert not check_http_health(f"http://127.0.0.1:{nobody}/")
        assert not utils.wait_for_http_health(f"http://127.0.0.1:{nobody}/health", timeout=0.3)


def test_a_tunnel_that_is_not_reached_says_why(port: int) -> None:
    told = check_tunnel_health("nobody.invalid", port)
    assert set(told) == {"local_service_up", "tunnel_reachable", "response_time_ms", "reason"}
    assert (told["local_service_up"], told["tunnel_reachable"], told["response_time_ms"]) == (True, False, None)
    assert told["reason"]
    assert asyncio.run(utils.check_tunnel_health_async("nobody.invalid", port))["tunnel_reachable"] is False


@pytest.mark.parametrize(
    "family, address", [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")]
)
def test_a_port_is_busy_whatever_address_is_listened_on(family: socket.AddressFamily, address: str) -> None:
    with socket.socket(family) as server:
        server.bind((address, 0))
        server.listen()
        number = server.getsockname()[1]
        assert not is_port_free(number)
    assert is_port_free(number)
    assert not is_port_free(99999)


def test_names_become_labels() -> None:
    assert [dns_safe_slug(it) for it in ("My API_1", "--", "a" * 80)] == ["my-api-1", "local", "a" * 63]
    assert utils.create_subdomain("My API", "example.com") == "my-api.example.com"
    assert utils.extract_service_name_from_hostname("api.shop.example.com", "example.com") == "api.shop"
    assert utils.extract_service_name_from_hostname("api.example.com") == "api"
    assert utils.validate_dns_label("web-1") and not utils.validate_dns_label("-web")


def test_files_of_variables_are_read_and_later_ones_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "system")
    (tmp_path / "root").write_text("# a comment\nexport A=one\nB = 'two words' \nC=three # why\nno line\n")
    (tmp_path / "service").write_text('A="four"\n')
    read = utils.parse_env_file(tmp_path / "root")
    assert read == {"A": "one", "B": "two words", "C": "three"}
    assert utils.load_env_cascade(tmp_path / "root", tmp_path / "service", tmp_path / "none")["A"] == "four"
    assert utils.load_env_cascade(include_system=False) == {}
    assert utils.merge_env_configs({"A": "1"}, {"A": "2"}) == {"A": "2"}
