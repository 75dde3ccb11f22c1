"""Whom the program may talk to: what is checked, and the file in which it is kept."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.dicom.pacs.node_files import load_pacs, save_pacs
from her2desk.dicom.pacs.nodes import (
    PacsSettings,
    ReceiverSettings,
    RemoteNode,
    TlsChoice,
    ae_title_problem,
    checked,
    described_node,
    exposure,
    host_problem,
    name_problem,
    named_node,
    node_problems,
    port_problem,
    receiver_problems,
)
from her2desk.errors import InputRefused, StoreRefused

NODE = RemoteNode("Archive", "ORTHANC", "pacs.example", 4242)


@pytest.mark.parametrize("title", ["A", "HER2DESK", "a b", "X" * 16, "PACS_1-2.3"])
def test_titles_that_can_be(title: str) -> None:
    assert ae_title_problem(title) is None


@pytest.mark.parametrize("title", ["", "  ", "X" * 17, "A\\B", "Ä", "A\n", " A", "A ", "王"])
def test_titles_that_cannot_be(title: str) -> None:
    assert ae_title_problem(title) is not None


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=20))
def test_a_title_that_passes_fits_the_standard(title: str) -> None:
    """PS3.5 6.2, AE: 16 characters of the default repertoire, no backslash, not only spaces."""
    fits = len(title) <= 16 and "\\" not in title and title.strip() == title != ""
    assert (ae_title_problem(title) is None) == fits


@pytest.mark.parametrize("host", ["pacs", "pacs.example.org", "10.0.0.1", "::1", "a_b-c", "h."])
def test_hosts_that_can_be(host: str) -> None:
    assert host_problem(host) is None


@pytest.mark.parametrize("host", ["", "a b", "10.0.0.256", "1.2.3", "-x", "a..b", "x" * 254, "é"])
def test_hosts_that_cannot_be(host: str) -> None:
    assert host_problem(host) is not None


def test_ports_and_names() -> None:
    assert [port for port in (-1, 0, 1, 104, 65535, 65536) if port_problem(port) is None] == [
        1,
        104,
        65535,
    ]
    assert name_problem("Archive") is None
    for name in ("", " ", "x" * 41, "a\nb", "A@b:1"):
        assert name_problem(name) is not None


def test_each_field_of_a_node_has_its_own_problem() -> None:
    wrong = RemoteNode("", "", "", 0, TlsChoice(certificate=Path("a.pem")))
    assert [problem.field for problem in node_problems(wrong)] == [
        "name", "ae_title", "host", "port", "tls",
    ]  # fmt: skip
    assert node_problems(replace(NODE, tls=TlsChoice(checks_name=False)))
    assert not node_problems(replace(NODE, tls=TlsChoice(Path("ca.pem"), checks_name=False)))
    assert not node_problems(NODE)


def test_a_receiver_that_is_on_must_have_somebody_to_receive_from() -> None:
    assert not receiver_problems(ReceiverSettings())
    assert [p.field for p in receiver_problems(ReceiverSettings(True))] == ["allowed_ae_titles"]
    assert receiver_problems(ReceiverSettings(True, allowed_ae_titles=("A", "B\\")))
    assert receiver_problems(ReceiverSettings(tls=TlsChoice()))


def test_off_and_on_this_computer_alone_is_where_it_begins() -> None:
    assert not ReceiverSettings().enabled
    assert ReceiverSettings().host == "127.0.0.1"
    assert ReceiverSettings().allowed_ae_titles == ()
    assert exposure(ReceiverSettings()) is None
    assert exposure(ReceiverSettings(host="localhost")) is None


def test_how_far_a_receiver_can_be_reached_is_said() -> None:
    plain = ReceiverSettings(host="10.0.0.7")
    own = TlsChoice(certificate=Path("a"), key=Path("b"))
    said = [
        exposure(plain),
        exposure(replace(plain, host="pacs.example", tls=own)),
        exposure(replace(plain, tls=replace(own, authority=Path("c")))),
    ]
    words = [message.text() for message in said if message]
    assert "not encrypted" in words[0]
    assert "without showing a certificate" in words[1]
    assert "trusted certificate" in words[2]


def test_a_node_is_named_or_described() -> None:
    settings = PacsSettings(nodes=(NODE,))
    assert named_node(settings, "Archive") == NODE
    assert named_node(settings, "X@10.0.0.1:104") == RemoteNode(
        "X@10.0.0.1:104", "X", "10.0.0.1", 104
    )
    assert named_node(settings, "X@[::1]:104").host == "::1"
    assert described_node("Archive") is None
    for wrong in ("Elsewhere", "X@10.0.0.1", "X@10.0.0.1:99999", "X\\Y@10.0.0.1:104", "X@a b:1"):
        with pytest.raises(InputRefused) as refused:
            named_node(settings, wrong)
        assert refused.value.code == "pacs-node"


def test_two_archives_of_one_name_are_refused() -> None:
    with pytest.raises(InputRefused, match="Two archives"):
        checked(PacsSettings(nodes=(NODE, NODE)))


def test_settings_come_back_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "home" / "pacs.json"
    tls = TlsChoice(tmp_path / "ca.pem", tmp_path / "own.pem", tmp_path / "own.key", False)
    settings = PacsSettings(
        ReceiverSettings(True, "DESK", "10.0.0.7", 104, ("A", "B"), tls),
        (NODE, replace(NODE, name="Other", tls=tls)),
    )
    save_pacs(path, settings)
    assert load_pacs(path) == settings
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_no_file_is_where_it_begins(tmp_path: Path) -> None:
    assert load_pacs(tmp_path / "pacs.json") == PacsSettings()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b"[]",
        b'{"nodes": [{"name": "A"}]}',
        b'{"nodes": [{"name": "A", "ae_title": "B", "host": "h", "port": "104"}]}',
        b'{"receiver": {"enabled": 1}}',
        b'{"stranger": 1}',
        b"[" * 100_000,
        b"\xff\xfe",
        b" " * (1 << 20) + b" ",
    ],
)
def test_a_broken_file_is_said_and_not_guessed(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "pacs.json"
    path.write_bytes(content)
    with pytest.raises(InputRefused) as refused:
        load_pacs(path)
    assert refused.value.code == "pacs-settings-broken"
    assert path.read_bytes() == content


def test_the_wrong_place_in_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pacs.json"
    path.write_text(json.dumps({"receiver": {"port": "x"}}))
    with pytest.raises(InputRefused, match=r"receiver\.port"):
        load_pacs(path)


def test_values_that_cannot_be_are_refused_in_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "pacs.json"
    path.write_text(json.dumps({"receiver": {"port": 70000}}))
    with pytest.raises(InputRefused) as refused:
        load_pacs(path)
    assert refused.value.code == "pacs-settings"
    with pytest.raises(InputRefused):
        save_pacs(path, PacsSettings(ReceiverSettings(port=0)))


def test_a_file_that_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "pacs.json"
    folder.mkdir()
    with pytest.raises(InputRefused):
        load_pacs(folder)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreRefused) as refused:
        save_pacs(tmp_path / "file" / "pacs.json", PacsSettings())
    assert refused.value.code == "pacs-settings-unwritable"
