"""Feature profiles: what is measured on an ROI and how, as a locked text that a pack carries."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from her2desk.errors import InputRefused
from her2desk.texts import listed, msg

ImageType = Literal[
    "Original",
    "Wavelet",
    "LBP2D",
    "LBP3D",
    "LoG",
    "Gradient",
    "Square",
    "SquareRoot",
    "Logarithm",
    "Exponential",
]
FeatureClass = Literal["shape", "shape2D", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"]
SHAPES: frozenset[FeatureClass] = frozenset({"shape", "shape2D"})

Positive = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]

FINEST_BIN = 1.0  # grey levels; the matrices grow with the square of the number of bins

_FIXED_NAMES: dict[ImageType, str] = {
    "Original": "original",
    "LBP2D": "lbp-2D",
    "Gradient": "gradient",
    "Square": "square",
    "SquareRoot": "squareroot",
    "Logarithm": "logarithm",
    "Exponential": "exponential",
}
_WAVELET_BANDS = ("wavelet-LL", "wavelet-LH", "wavelet-HL", "wavelet-HH")
_WAVELET_BANDS_3D = tuple(f"{band}{z}" for z in "LH" for band in _WAVELET_BANDS)
_LBP_3D = ("lbp-3D-m1", "lbp-3D-m2", "lbp-3D-k")
_ACROSS_THE_SLICE = frozenset(band for band in _WAVELET_BANDS_3D if band.endswith("H"))

_NEEDS_TWO_DIMENSIONS = frozenset({"LBP2D", "LoG", "shape2D"})
_NEEDS_THREE_DIMENSIONS = frozenset({"LBP3D", "shape"})

_ALL_IMAGE_TYPES: tuple[ImageType, ...] = (
    "Original", "Wavelet", "LBP2D", "LoG", "Gradient",
    "Square", "SquareRoot", "Logarithm", "Exponential",
)  # fmt: skip
_ONEKEY_IMAGE_TYPES: tuple[ImageType, ...] = (
    "Original", "Wavelet", "LBP3D", "Exponential", "Square", "SquareRoot", "Logarithm", "Gradient",
)  # fmt: skip
_ALL_CLASSES: tuple[FeatureClass, ...] = (
    "shape2D", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm",
)  # fmt: skip


class Profile(BaseModel):
    """A feature profile, checked on reading and frozen.

    ``unit`` is the unit of every length below and of the features themselves: "mm", or "px" for
    images without calibration; the two are never mixed. ``dimension`` 3 makes the frame a volume
    of one slice, one unit thick, in which every class and filter is three-dimensional.
    ``resample`` is the in-plane pixel size that the image is brought to first (None: its own).
    ``pad_px`` is how far around the ROI, after resampling, filters may look (None: over the whole
    frame). ``rounds_grey`` rounds to whole grey levels after resampling (IBSI: intensities of
    modalities with integer units). Grey levels are cut into ``bin_count`` bins or into bins of
    ``bin_width``, one of the two. ``left_out`` are features, "<class>_<feature>", not measured. In
    "mm", an image of unknown spacing is refused, or measured as if a pixel had ``assumed_mm`` when
    ``uncalibrated`` is "as-if"; whoever asks must then say so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_version: Literal[1] = 1
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    dimension: Literal[2, 3] = 2
    unit: Literal["mm", "px"]
    resample: Positive | None
    uncalibrated: Literal["refuse", "as-if"]
    assumed_mm: Positive | None
    rounds_grey: bool
    pad_px: Annotated[int, Field(ge=2, le=500)] | None
    bin_count: Annotated[int, Field(ge=2, le=256)] | None
    bin_width: Annotated[float, Field(ge=FINEST_BIN, le=100, allow_inf_nan=False)] | None = None
    image_types: Annotated[tuple[ImageType, ...], Field(min_length=1)]
    log_sigmas: tuple[Positive, ...]
    wavelet: Literal["coif1", "haar", "db2", "sym4"]
    lbp_radius_px: Annotated[int, Field(ge=1, le=10)]
    lbp_samples: Annotated[int, Field(ge=4, le=32)]
    feature_classes: Annotated[tuple[FeatureClass, ...], Field(min_length=1)]
    left_out: tuple[Annotated[str, Field(pattern=r"^[a-z]+_[A-Za-z0-9]+$")], ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> "Profile":
        for names in (self.image_types, self.feature_classes, self.log_sigmas):
            if len(set(names)) != len(names):
                raise ValueError("an entry is listed twice")
        if (self.uncalibrated == "as-if") != (self.assumed_mm is not None):
            raise ValueError("assumed_mm belongs to uncalibrated = as-if, and only to it")
        if self.unit == "px" and (self.resample is not None or self.assumed_mm is not None):
            raise ValueError("a profile in pixels has no millimetres")
        if ("LoG" in self.image_types) != bool(self.log_sigmas):
            raise ValueError("log_sigmas belongs to LoG, and only to it")
        if (self.bin_count is None) == (self.bin_width is None):
            raise ValueError("grey levels have either bin_count or bin_width")
        if self.resample is not None and self.pad_px is None:
            raise ValueError("an image that is resampled needs pad_px")
        self._check_dimension()
        return self

    def _check_dimension(self) -> None:
        wrong = _NEEDS_THREE_DIMENSIONS if self.dimension == 2 else _NEEDS_TWO_DIMENSIONS
        unfit = wrong & {*self.image_types, *self.feature_classes}
        if unfit:
            raise ValueError(f"{min(unfit)} does not fit dimension {self.dimension}")
        if self.dimension == 3 and self.resample is not None:
            raise ValueError("an image of one slice is not resampled")

    @property
    def sha256(self) -> str:
        """SHA-256 of the profile's text."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """The profile's text: the same profile gives the same bytes."""
        return json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True) + "\n"

    def images_of(self, image_type: ImageType) -> tuple[str, ...]:
        """Names of the filtered images that an image type gives, as in the features' names.

        pyradiomics calls its LoG images "3D"; with a two-dimensional image they are
        two-dimensional.
        """
        if image_type == "Wavelet":
            return _WAVELET_BANDS if self.dimension == 2 else _WAVELET_BANDS_3D
        if image_type == "LBP3D":
            return _LBP_3D
        if image_type == "LoG":
            return tuple(log_image_name(sigma) for sigma in self.log_sigmas)
        return (_FIXED_NAMES[image_type],)


def is_noise(image: str) -> bool:
    """Whether a filtered image is rounding error and nothing else.

    So are the wavelet bands that are high-pass across a volume of one slice: float64 instead of
    float32 changes 303 of their 364 features by more than 1 % (``docs/features.md``).
    """
    return image in _ACROSS_THE_SLICE


def log_image_name(sigma: float) -> str:
    """pyradiomics' name for the LoG image of this sigma."""
    return f"log-sigma-{str(float(sigma)).replace('.', '-')}-mm-3D"


def load_profile(text: str) -> Profile:
    """A profile from its JSON text; raises ``InputRefused`` (code ``profile-malformed``)."""
    try:
        return Profile.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise InputRefused(
            msg(
                "The feature profile is not valid at {place}: {reason}.",
                place=".".join(str(part) for part in first["loc"]) or "its top level",
                reason=first["msg"],
            ),
            msg("Use a profile that Her2Desk wrote, or correct this one."),
            code="profile-malformed",
        ) from error


def with_resample(profile: Profile, mm: float) -> Profile:
    """The profile with another in-plane pixel size, in mm.

    Raises ``ValueError`` where the profile is in pixels or of one slice, which are not resampled.
    """
    return Profile(**{**profile.model_dump(), "resample": mm})


def us_2d(
    *,
    resample_mm: float | None = 0.1,
    uncalibrated: Literal["refuse", "as-if"] = "refuse",
    assumed_mm: float | None = None,
) -> Profile:
    """The default profile of calibrated ultrasound: in-plane, in millimetres, 32 grey-level bins.

    ``resample_mm`` 0.1 is coarser than about three in four pixel sizes of the public BrEaST
    images; the builder passes the coarser of it and the cohort's 90th percentile. LoG sigmas are
    0.5, 1 and 2 mm, and filters see four of the widest sigma around the ROI.
    """
    return Profile(
        name="us-2d",
        unit="mm",
        resample=resample_mm,
        uncalibrated=uncalibrated,
        assumed_mm=assumed_mm,
        rounds_grey=True,
        pad_px=80,
        bin_count=32,
        image_types=_ALL_IMAGE_TYPES,
        log_sigmas=(0.5, 1.0, 2.0),
        wavelet="coif1",
        lbp_radius_px=1,
        lbp_samples=8,
        feature_classes=_ALL_CLASSES,
    )


def us_2d_px() -> Profile:
    """The profile of uncalibrated ultrasound: as ``us_2d``, every length in the image's own pixels.

    Never mixed with ``us_2d``: its name, and so its hash, is another.
    """
    in_mm = us_2d(resample_mm=None).model_dump()
    return Profile(
        **{**in_mm, "name": "us-2d-px", "unit": "px", "log_sigmas": (5.0, 10.0, 20.0)},
    )


def onekey_1561() -> Profile:
    """The published set of 1,561 features: pyradiomics 3.0.1's defaults on a volume of one slice.

    For replication only. Bins are 25 grey levels wide, filters see the whole frame, and lengths are
    in the image's own pixels; ``docs/features.md`` says which of this the paper leaves open. The
    features of four wavelet bands are measured and never selected (``never_selected``).
    """
    return Profile(
        name="onekey-1561",
        dimension=3,
        unit="px",
        resample=None,
        uncalibrated="refuse",
        assumed_mm=None,
        rounds_grey=False,
        pad_px=None,
        bin_count=None,
        bin_width=25.0,
        image_types=_ONEKEY_IMAGE_TYPES,
        log_sigmas=(),
        wavelet="coif1",
        lbp_radius_px=1,
        lbp_samples=8,
        feature_classes=("shape", *_ALL_CLASSES[1:]),
        left_out=("glcm_MCC", "glcm_SumAverage"),
    )


PROFILES: Mapping[str, Callable[[], Profile]] = {
    "us-2d": us_2d,
    "us-2d-px": us_2d_px,
    "onekey-1561": onekey_1561,
}
MAX_PROFILE_BYTES = 100_000


def named_profile(name_or_path: str) -> Profile:
    """One of ``PROFILES`` by its name, or the profile in a JSON file.

    Raises ``InputRefused`` with the code ``profile-unknown`` for what is neither, and
    ``profile-malformed`` for a file that holds no valid profile.
    """
    if name_or_path in PROFILES:
        return PROFILES[name_or_path]()
    try:
        with Path(name_or_path).open("rb") as file:
            content = file.read(MAX_PROFILE_BYTES + 1)
        if len(content) <= MAX_PROFILE_BYTES:
            return load_profile(content.decode())
    except (OSError, ValueError):
        pass  # ValueError: bytes that are no text, a path that no file can have
    raise InputRefused(
        msg("There is no feature profile {name}.", name=name_or_path),
        msg("Use {names}, or the path of a profile's JSON file.", names=listed(PROFILES)),
        code="profile-unknown",
    )
