"""A prediction as the library keeps it: everything, in plain JSON, and back to the last bit.

``Prediction.to_json`` is what scripts read; this is what a report is written from years later, without
an engine. Numbers keep their kind, since the fingerprint of the inputs tells 52 from 52.0. Version 1 knew
no enhancement.
"""

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.prediction import Prediction
from her2desk.domain.stability import Stability
from her2desk.errors import StoreRefused
from her2desk.texts import Message, Phrase, msg

STORED_VERSION = 2
NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_MALFORMED = (ValueError, KeyError, TypeError, OverflowError, RecursionError, binascii.Error)


def to_stored(prediction: Prediction) -> dict[str, Any]:
    """The whole prediction as JSON that ``from_stored`` reads; no NaN or infinity as bare numbers.

    Raises ``TypeError`` for a sentence with a parameter that JSON cannot keep.
    """
    return {"version": STORED_VERSION, "prediction": _written(prediction)}


def from_stored(stored: object) -> Prediction:
    """The prediction that ``to_stored`` wrote.

    Raises ``StoreRefused``: ``stored-answer-later`` for one by a later version of Her2Desk,
    ``stored-answer-malformed`` for anything that is not exactly what ``to_stored`` writes.
    """
    found: Prediction = _unwrapped(stored, "prediction", Prediction)
    return found


def stability_to_stored(stability: Stability) -> dict[str, Any]:
    """How the answer moves as JSON that ``stability_from_stored`` reads."""
    return {"version": STORED_VERSION, "stability": _written(stability)}


def stability_from_stored(stored: object) -> Stability:
    """The stability that ``stability_to_stored`` wrote; raises as ``from_stored``."""
    found: Stability = _unwrapped(stored, "stability", Stability)
    return found


def _unwrapped(stored: object, name: str, kind: type) -> Any:
    version = stored.get("version") if isinstance(stored, Mapping) else None
    if type(version) is int and version > STORED_VERSION:
        raise StoreRefused(
            msg("The answer was kept by a later version of Her2Desk."),
            msg("Open the library with that version, or ask for the answer again."),
            code="stored-answer-later",
        )
    try:
        if not isinstance(stored, Mapping) or type(version) is not int:
            raise TypeError("no stored answer")
        if version < 1 or set(stored) != {"version", name}:
            raise ValueError("no stored answer of a known version")
        raw = stored[name]
        if version == 1 and kind is Prediction:
            raw = _without_enhancement(raw)
        return _read(raw, kind)
    except _MALFORMED as error:
        raise StoreRefused(
            msg("The answer that was kept cannot be read; it is not as Her2Desk writes it."),
            msg("Ask for the answer again: run the prediction of this case once more."),
            code="stored-answer-malformed",
        ) from error


def _without_enhancement(raw: Any) -> dict[str, Any]:
    """A prediction of version 1 as it would be kept now."""
    if not isinstance(raw, dict) or "enhancement" in raw:
        raise ValueError("no prediction of version 1")
    return {**raw, "enhancement": None}


def _written(value: object) -> Any:
    """A value as JSON. An enumeration is its value, a tuple a list, an object its fields."""
    if isinstance(value, Message):
        return _message_written(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | int):
        return value
    if isinstance(value, float | np.floating):
        return _number_written(float(value))
    if isinstance(value, np.ndarray):
        return _array_written(value)
    if isinstance(value, Mapping):
        return {_key_written(key): _written(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [_written(entry) for entry in value]
    if is_dataclass(value):
        return {f.name: _written(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"a prediction holds a {type(value).__name__}, which JSON cannot keep")


def _key_written(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError("the names in a prediction are words")
    return str(key.value) if isinstance(key, Enum) else key


def _number_written(value: float) -> Any:
    if math.isfinite(value):
        return value
    return {"number": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}


def _array_written(values: NDArray[Any]) -> dict[str, Any]:
    if values.dtype != np.float32:
        raise TypeError("arrays of a prediction are of 32-bit numbers")
    content = np.ascontiguousarray(values, dtype="<f4").tobytes()
    return {
        "shape": list(values.shape),
        "float32": base64.b64encode(content).decode("ascii"),
    }


def _message_written(message: Message) -> dict[str, Any]:
    """The English template and its parameters; a part of a sentence (``Phrase``) is one of its own."""
    return {
        "msgid": message.msgid,
        "params": {name: _param_written(value) for name, value in message.params.items()},
        "plural": message.plural,
    }


def _param_written(value: object) -> Any:
    if isinstance(value, Phrase):
        return {"phrase": _message_written(value)}
    if isinstance(value, Message):
        return {"message": _message_written(value)}
    if value is None or isinstance(value, str | int | float | np.floating):
        return _written(value)
    raise TypeError(f"a sentence has a {type(value).__name__} in it, which JSON cannot keep")


def _read(raw: Any, kind: Any) -> Any:
    """The value of type ``kind`` that ``_written`` wrote; ``ValueError`` or ``TypeError`` else."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _read_one_of(raw, get_args(kind))
    if origin is tuple:
        return _read_tuple(raw, get_args(kind))
    if origin is not None and issubclass(origin, Mapping):
        return _read_mapping(raw, get_args(kind))
    if origin is np.ndarray or kind is np.ndarray:
        return _read_array(raw)
    if kind is float:
        return _read_number(raw)
    if kind in (bool, int, str, NoneType):
        if type(raw) is not (NoneType if kind is NoneType else kind):
            raise TypeError(f"{kind.__name__} expected")
        return raw
    if kind is Message:
        return _read_message(raw, Message)
    if issubclass(kind, Enum):
        return kind(raw)
    return _read_fields(raw, kind)


def _read_one_of(raw: Any, kinds: tuple[Any, ...]) -> Any:
    """The one kind that takes it: no two kinds of a union in a prediction look alike."""
    for kind in kinds:
        try:
            return _read(raw, kind)
        except (ValueError, KeyError, TypeError):
            continue
    raise ValueError("none of the kinds expected")


def _read_tuple(raw: Any, kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise TypeError("a list expected")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(entry, kinds[0]) for entry in raw)
    return tuple(_read(entry, kind) for entry, kind in zip(raw, kinds, strict=True))


def _read_mapping(raw: Any, kinds: tuple[Any, ...]) -> dict[Any, Any]:
    if not isinstance(raw, dict):
        raise TypeError("an object expected")
    key_kind, kind = kinds
    return {_read(key, key_kind): _read(entry, kind) for key, entry in raw.items()}


def _read_number(raw: Any) -> float:
    if isinstance(raw, dict) and set(raw) == {"number"}:
        return NOT_FINITE[raw["number"]]
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise TypeError("a number expected")
    return raw


def _read_array(raw: Any) -> NDArray[np.float32]:
    if not isinstance(raw, dict) or set(raw) != {"shape", "float32"}:
        raise TypeError("an array expected")
    shape = tuple(_read(size, int) for size in raw["shape"])
    content = base64.b64decode(raw["float32"], validate=True)
    return np.frombuffer(content, dtype="<f4").astype(np.float32).reshape(shape)


def _read_message(raw: Any, kind: type[Message]) -> Message:
    if not isinstance(raw, dict) or set(raw) != {"msgid", "params", "plural"}:
        raise TypeError("a sentence expected")
    params = {_read(name, str): _read_param(value) for name, value in raw["params"].items()}
    return kind(_read(raw["msgid"], str), params, _read(raw["plural"], str))


def _read_param(raw: Any) -> object:
    if isinstance(raw, dict) and set(raw) == {"phrase"}:
        return _read_message(raw["phrase"], Phrase)
    if isinstance(raw, dict) and set(raw) == {"message"}:
        return _read_message(raw["message"], Message)
    if raw is None or isinstance(raw, str | bool):
        return raw
    return _read_number(raw)


def _read_fields(raw: Any, kind: Any) -> Any:
    if not isinstance(kind, type) or not is_dataclass(kind):
        raise TypeError(f"nothing of a prediction is a {kind}")
    hints = _hints(kind)
    if not isinstance(raw, dict) or set(raw) != set(hints):
        raise TypeError(f"the fields of a {kind} expected")
    return kind(**{name: _read(raw[name], hint) for name, hint in hints.items()})


@lru_cache(maxsize=64)
def _hints(kind: Any) -> dict[str, Any]:
    """The types of an object's fields, by name."""
    found = get_type_hints(kind)
    return {field.name: found[field.name] for field in fields(kind)}
