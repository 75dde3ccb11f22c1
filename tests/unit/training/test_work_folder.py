"""Finished work is found again under the content of its inputs, or done again; never used damaged."""

import errno
import os
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.errors import InputRefused
from her2desk.training.work_folder import WorkFolder, content_key, write_whole

TENSORS = {
    "logits": np.linspace(-1, 1, 12).reshape(3, 4),
    "conv.weight": np.arange(6, dtype=np.float32),
    "counter": np.array(7, dtype=np.int64),
    "nobody": np.zeros((0, 2)),
}
KEY = content_key("some work")


@dataclass(frozen=True)
class Plan:
    epochs: int = 3
    rate: float | None = None


def test_what_was_put_comes_back_bit_by_bit(tmp_path):
    WorkFolder(tmp_path / "deep" / "work").put(KEY, TENSORS)
    found = WorkFolder(tmp_path / "deep" / "work").get(KEY)
    assert found is not None
    assert found.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert (found[name].dtype, found[name].shape) == (tensor.dtype, tensor.shape)
        assert found[name].tobytes() == tensor.tobytes()


def test_a_view_is_stored_as_it_reads(tmp_path):
    work = WorkFolder(tmp_path)
    view = np.arange(12.0).reshape(3, 4).T[::2]
    work.put(KEY, {"view": view})
    np.testing.assert_array_equal(work.get(KEY)["view"], view)


def test_work_that_was_never_done_is_absent(tmp_path):
    assert WorkFolder(tmp_path / "none").get(KEY) is None


def flip_last_byte(blob: bytes) -> bytes:
    return blob[:-1] + bytes([blob[-1] ^ 1])


@pytest.mark.parametrize(
    "damage",
    [flip_last_byte, lambda blob: blob[:-5], lambda _: b"", lambda _: os.urandom(200)],
    ids=["one bit", "cut short", "empty", "noise"],
)
def test_a_damaged_file_counts_as_absent_and_is_replaced(tmp_path, damage):
    work = WorkFolder(tmp_path)
    work.put(KEY, TENSORS)
    (file,) = tmp_path.glob("*.safetensors")
    file.write_bytes(damage(file.read_bytes()))
    assert work.get(KEY) is None
    work.put(KEY, TENSORS)
    assert work.get(KEY) is not None


def test_a_result_of_other_work_is_not_taken(tmp_path):
    work, other = WorkFolder(tmp_path), content_key("other work")
    work.put(KEY, TENSORS)
    (file,) = tmp_path.glob("*.safetensors")
    file.rename(tmp_path / f"{other}.safetensors")
    assert work.get(other) is None


def test_storing_a_result_drops_its_checkpoint_and_no_other(tmp_path):
    work = WorkFolder(tmp_path)
    for key in (KEY, "another"):
        work.checkpoint(key).write_bytes(b"state")
    work.put(KEY, TENSORS)
    assert not work.checkpoint(KEY).exists()
    assert work.checkpoint("another").exists()


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "The disk is full"), (errno.EIO, "cannot be written")]
)
def test_a_failed_write_is_told_and_leaves_what_was_there(tmp_path, monkeypatch, number, words):
    path = tmp_path / "result"
    path.write_bytes(b"before")

    def fsync(_handle):
        raise OSError(number, "no")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(InputRefused, match=words) as refused:
        write_whole(path, lambda file: file.write(b"after"))
    assert refused.value.code == "unwritable"
    assert [p.read_bytes() for p in tmp_path.glob("result*")] == [b"before"]


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "work").write_bytes(b"")
    with pytest.raises(InputRefused, match="cannot be written"):
        WorkFolder(tmp_path / "work").put(KEY, TENSORS)


def test_a_program_error_while_writing_leaves_no_part(tmp_path):
    with pytest.raises(ZeroDivisionError):
        write_whole(tmp_path / "result", lambda _: 1 / 0)
    assert list(tmp_path.iterdir()) == []


def test_the_key_does_not_depend_on_the_order_in_which_inputs_are_named():
    assert WorkFolder.key(seed=1, plan=Plan()) == WorkFolder.key(plan=Plan(), seed=1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (0, None),
        ("1", 1),
        ("a", b"a"),
        (["ab", "c"], ["a", "bc"]),
        ([1, [2]], [1, 2]),
        ({"a": 1}, {"a": 2}),
        (Plan(), Plan(rate=1e-3)),
        (np.zeros(2), np.zeros((2, 1))),
        (np.zeros(2, np.float32), np.zeros(4, np.float16)),
        (np.array([0.0]), np.array([-0.0])),
    ],
)
def test_different_inputs_have_different_keys(one, other):
    assert content_key(one) != content_key(other)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(values)
def test_any_value_has_one_key(value):
    key = content_key(value)
    assert key == content_key(value)
    assert len(key) == 64
    assert key != content_key([value])


def test_what_has_no_content_has_no_key():
    with pytest.raises(TypeError, match="object has no key"):
        content_key({"what": object()})
