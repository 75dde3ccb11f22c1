"""What a model pack says of itself: the manifest and the linear models, checked on reading."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION = 1

Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]


class PackPart(BaseModel):
    """Closed and frozen: an unknown key is a refusal, not a surprise."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TrainingPopulation(PackPart):
    """Whom the pack was trained on."""

    description: str
    patients: int = Field(gt=0)
    positive: int = Field(gt=0)
    cohort_sha256: str

    @model_validator(mode="after")
    def _has_both_classes(self) -> "TrainingPopulation":
        if self.positive >= self.patients:
            raise ValueError("a training population needs patients of both classes")
        return self

    @property
    def prevalence(self) -> float:
        """Share of positives."""
        return self.positive / self.patients


class Preprocessing(PackPart):
    """From ROI to network input: box + margin, resized to a square, z-scored over the crop."""

    crop_margin_px: int = Field(ge=0, le=200)
    input_size_px: int = Field(ge=16, le=1024)
    normalisation: Literal["z-score"] = "z-score"


class NetworkPart(PackPart):
    """Which network reads ``networks/cnn.safetensors``."""

    architecture: str
    channels: Literal[1, 3]


class FeaturePart(PackPart):
    """The radiomics features that the pack uses, by pyradiomics' names."""

    profile: str
    names: tuple[str, ...]
    count: int = Field(ge=0)

    @model_validator(mode="after")
    def _count_is_true(self) -> "FeaturePart":
        if self.count != len(self.names) or len(set(self.names)) != len(self.names):
            raise ValueError("the feature count does not match the feature names")
        return self


class OperatingPointPart(PackPart):
    """A named threshold of one submodel, and what the same rule chose inside each outer fold (V14)."""

    pattern: str
    name: Literal["youden", "sensitivity95", "specificity95"]
    threshold: Share
    fold_thresholds: tuple[Share, ...] = Field(min_length=1)


class AucPart(PackPart):
    """A branch's area under the ROC curve: mean of within-fold values, approximate interval (V13)."""

    value: Finite
    lower: Finite
    upper: Finite


class Manifest(PackPart):
    """``manifest.json``."""

    schema_version: Literal[1]
    name: str = Field(min_length=1, max_length=80)
    version: str = Field(min_length=1, max_length=40)
    demo: bool
    task: str
    input: Literal["ultrasound"]
    classes: tuple[str, ...] = Field(min_length=2, max_length=4)
    intended_use: str
    moment_of_prediction: str
    decision: str
    training: TrainingPopulation
    features: FeaturePart
    preprocessing: Preprocessing
    network: NetworkPart
    dlr_kind: Literal["crossfit", "frozen", "paper"]
    operating_points: tuple[OperatingPointPart, ...] = Field(min_length=1)
    indeterminate_rule: Literal["interval-across-threshold"]
    cross_validated_auc: dict[str, AucPart]
    licence: str
    seed: int


class LinearPart(PackPart):
    """A logistic model: ``coefficients`` follow ``terms``; ``covariance`` is intercept first."""

    terms: tuple[str, ...]
    intercept: Finite
    coefficients: tuple[Finite, ...]
    covariance: tuple[tuple[Finite, ...], ...]
    lower: tuple[Finite, ...]
    upper: tuple[Finite, ...]

    @model_validator(mode="after")
    def _shapes_agree(self) -> "LinearPart":
        n = len(self.terms)
        if not (len(self.coefficients) == len(self.lower) == len(self.upper) == n):
            raise ValueError("a linear model's coefficients and limits do not match its terms")
        if len(self.covariance) != n + 1 or any(len(row) != n + 1 for row in self.covariance):
            raise ValueError("a linear model's covariance has the wrong shape")
        return self


class Submodel(PackPart):
    """The combined model for one pattern of known clinical inputs (V9)."""

    pattern: str
    model: LinearPart
    refit_variance: float = Field(ge=0, allow_inf_nan=False)


class FeatureScale(PackPart):
    """A feature's training mean, standard deviation and limits."""

    mean: Finite
    sd: float = Field(gt=0, allow_inf_nan=False)
    lower: Finite
    upper: Finite


class Models(PackPart):
    """``models/models.json``: all that is linear, and what the trees are fed with."""

    clinical_inputs: tuple[str, ...]
    clinical: LinearPart
    radiomics_inputs: tuple[str, ...]
    dlr_inputs: tuple[str, ...]
    scaling: dict[str, FeatureScale]
    submodels: tuple[Submodel, ...] = Field(min_length=1)
