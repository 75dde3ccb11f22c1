"""What a model pack says of itself: the manifest and the linear models, checked on reading."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from her2desk.domain.readout import IndeterminateRule
from her2desk.packs.plain_text import checked_line

SCHEMA_VERSION = 1
MOST_FOLDS = 1000
MOST_SUBMODELS = 1024  # a pattern of known inputs each
MOST_NOMOGRAMS = 64
MOST_PATIENTS = 10**9  # beyond, a count is none and its arithmetic may fail

Finite = Annotated[float, Field(allow_inf_nan=False)]
Moderate = Annotated[float, Field(ge=-1e12, le=1e12)]  # squares and sums of such stay finite
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Line = Annotated[str, AfterValidator(checked_line)]
Share = Annotated[float, Field(gt=0, lt=1)]
Family = Literal["logistic", "random-forest", "extra-trees", "xgboost", "lightgbm"]
Link = Literal["identity", "shrunk-logit"]


class PackPart(BaseModel):
    """Closed and frozen: an unknown key is a refusal, not a surprise."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TrainingPopulation(PackPart):
    """Whom the pack was trained on."""

    description: str
    patients: int = Field(gt=0, le=MOST_PATIENTS)
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


class EnhancementPart(PackPart):
    """How images are enlarged before anything else, and the SHA-256 of what defines it."""

    method: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    scale: int = Field(ge=2, le=8, strict=True)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Preprocessing(PackPart):
    """From ROI to network input: box + margin, resized to a square, z-scored over the crop.

    Where there is an ``enhancement``, network and features see the enhanced image. The margin is
    in the image's own pixels, so that the network sees the same tissue with and without.
    """

    crop_margin_px: int = Field(ge=0, le=200)
    input_size_px: int = Field(ge=16, le=1024)
    normalisation: Literal["z-score"] = "z-score"
    enhancement: EnhancementPart | None = None

    @model_serializer(mode="wrap")
    def _leave_out_what_is_not_done(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A pack without enhancement has the bytes, and the digest, that it always had."""
        document: dict[str, Any] = written(self)
        if self.enhancement is None:
            del document["enhancement"]
        return document


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
    fold_thresholds: tuple[Share, ...] = Field(min_length=1, max_length=MOST_FOLDS)


class AucPart(PackPart):
    """An area under the ROC curve with its 95 % interval; ``method`` names the interval (V13)."""

    value: Finite
    lower: Finite
    upper: Finite
    method: str


class AucTable(PackPart):
    """AUCs by branch: on the rows fitted, cross-validated, and on the patients held out (V4, V13).

    The branch "acquisition" is the model that sees scanner, site, spacing, crop size and burned-in
    marks only.
    """

    apparent: dict[str, AucPart]
    cross_validated: dict[str, AucPart]
    held_out: dict[str, AucPart]


class ReadersPart(PackPart):
    """Features kept from the deployed selection because two readers' outlines disagree on them (V21).

    Of ``features``, ``left_out`` had an ICC(A,1) whose lower bound over ``patients`` is below
    ``kept_from``.
    """

    patients: int = Field(ge=2)
    features: int = Field(gt=0)
    left_out: int = Field(ge=0)
    kept_from: Share

    @model_validator(mode="after")
    def _some_are_kept(self) -> "ReadersPart":
        if self.left_out >= self.features:
            raise ValueError("two readers leave no feature to select from")
        return self


class Provenance(PackPart):
    """How the pack was built: enough to build it again, and what had to give way.

    ``builds`` and ``held_out_opened`` are V5's ledger: builds on this cohort up to this one, and how
    often its held-out patients were looked at. ``refused_patterns`` are patterns of known inputs with
    too few patients for a submodel (V9). ``readers`` is None where a second reader's outlines were not
    used.
    """

    split: Literal["random", "column", "none"]
    held_out_patients: int = Field(ge=0)
    builds: int = Field(ge=1)
    held_out_opened: int = Field(ge=0)
    settings: dict[str, str]
    versions: dict[str, str]
    fallbacks: tuple[str, ...]
    refused_patterns: tuple[str, ...]
    initial_weights_sha256: str | None
    readers: ReadersPart | None = None

    @model_serializer(mode="wrap")
    def _leave_out_what_was_not_used(
        self, written: SerializerFunctionWrapHandler
    ) -> dict[str, Any]:
        """A pack built on one reader's outlines has the bytes, and the digest, that it always had."""
        document: dict[str, Any] = written(self)
        if self.readers is None:
            del document["readers"]
        return document


class RecalibrationPart(PackPart):
    """How log-odds of an earlier pack were brought into line with local results.

    η becomes ``intercept`` + ``slope`` · η in every submodel, operating point and validation row;
    fitted on ``patients`` of whom ``positive`` were. ``covariance`` is of (intercept, slope), all 0
    for what was not fitted.
    """

    from_version: str
    from_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    intercept: Finite
    slope: float = Field(gt=0, allow_inf_nan=False)
    covariance: tuple[tuple[Finite, Finite], tuple[Finite, Finite]]
    patients: int = Field(gt=0, le=MOST_PATIENTS)
    positive: int = Field(gt=0)
    first_study: str
    last_study: str

    @model_validator(mode="after")
    def _has_both_classes(self) -> "RecalibrationPart":
        if self.positive >= self.patients:
            raise ValueError("recalibration needs patients of both classes")
        return self


class Manifest(PackPart):
    """``manifest.json``."""

    schema_version: Literal[1]
    name: Line = Field(min_length=1, max_length=80)
    version: Line = Field(min_length=1, max_length=40)
    demo: bool
    task: str
    input: Literal["ultrasound"]
    classes: tuple[str, ...] = Field(min_length=2, max_length=4)
    intended_use: str
    moment_of_prediction: Literal["before-biopsy", "after-biopsy"]
    decision: str
    decision_range: tuple[Share, Share] | None
    training: TrainingPopulation
    features: FeaturePart
    preprocessing: Preprocessing
    network: NetworkPart
    dlr_kind: Literal["crossfit", "frozen", "paper"]
    operating_points: tuple[OperatingPointPart, ...] = Field(
        min_length=1, max_length=3 * MOST_SUBMODELS
    )
    indeterminate_rule: IndeterminateRule
    auc: AucTable
    provenance: Provenance
    licence: str
    seed: int
    recalibration: RecalibrationPart | None = None

    @model_serializer(mode="wrap")
    def _leave_out_what_was_not_done(
        self, written: SerializerFunctionWrapHandler
    ) -> dict[str, Any]:
        """Only a recalibrated pack speaks of recalibration."""
        document: dict[str, Any] = written(self)
        if self.recalibration is None:
            del document["recalibration"]
        return document

    @property
    def prevalence(self) -> float:
        """The share of positives that the pack's probabilities are for."""
        if self.recalibration is not None:
            return self.recalibration.positive / self.recalibration.patients
        return self.training.prevalence


class LinearPart(PackPart):
    """A logistic model: ``coefficients`` follow ``terms``; ``covariance`` is intercept first."""

    terms: tuple[str, ...]
    intercept: Moderate
    coefficients: tuple[Moderate, ...]
    covariance: tuple[tuple[Moderate, ...], ...]
    lower: tuple[Moderate, ...]
    upper: tuple[Moderate, ...]

    @model_validator(mode="after")
    def _shapes_agree(self) -> "LinearPart":
        n = len(self.terms)
        if len(set(self.terms)) != n:
            raise ValueError("a linear model names a term twice")
        if not (len(self.coefficients) == len(self.lower) == len(self.upper) == n):
            raise ValueError("a linear model's coefficients and limits do not match its terms")
        if len(self.covariance) != n + 1 or any(len(row) != n + 1 for row in self.covariance):
            raise ValueError("a linear model's covariance has the wrong shape")
        return self


class Submodel(PackPart):
    """The combined model for one pattern of known clinical inputs (V9).

    ``refit_variance`` gives, for each term that is another model's output, the variance of that
    output over refits (V10). ``method`` is how the coefficients were found.
    """

    pattern: str
    model: LinearPart
    method: Literal["maximum likelihood", "ridge", "FLIC"]
    refit_variance: dict[str, NotNegative]

    @model_validator(mode="after")
    def _variances_are_of_terms(self) -> "Submodel":
        if not set(self.refit_variance) <= set(self.model.terms):
            raise ValueError("a refit variance belongs to no term")
        return self


class BranchPart(PackPart):
    """A branch below the combined model: trees of its own file, or a logistic model when linear.

    The score is in log-odds: ``link`` turns the trees' sum into them. Features and components enter
    z-scored, other inputs as they are.
    """

    family: Family
    settings: dict[str, Finite]
    inputs: tuple[str, ...] = Field(min_length=1)
    link: Link
    intercept: Finite
    coefficients: tuple[Finite, ...]

    @model_validator(mode="after")
    def _form_fits_family(self) -> "BranchPart":
        expected = len(self.inputs) if self.is_linear else 0
        if len(self.coefficients) != expected:
            raise ValueError("a branch's coefficients do not match its inputs")
        return self

    @property
    def is_linear(self) -> bool:
        """Whether the branch is a logistic model and has no trees."""
        return self.family == "logistic"


class FeatureScale(PackPart):
    """A feature's training mean, standard deviation and limits."""

    mean: Finite
    sd: float = Field(gt=0, allow_inf_nan=False)
    lower: Finite
    upper: Finite


class NomogramPart(PackPart):
    """A linear model beside the combined one, to be shown as a nomogram: one of the paper's.

    ``refit_variance`` is as in ``Submodel``.
    """

    name: str = Field(min_length=1, max_length=80)
    model: LinearPart
    refit_variance: dict[str, NotNegative]

    @model_validator(mode="after")
    def _variances_are_of_terms(self) -> "NomogramPart":
        if not set(self.refit_variance) <= set(self.model.terms):
            raise ValueError("a refit variance belongs to no term")
        return self


class Models(PackPart):
    """``models/models.json``: all that is linear, and what the trees are fed with.

    ``nomograms`` are of patients whose every clinical input is known.
    """

    clinical_inputs: tuple[str, ...]
    clinical: BranchPart | None
    radiomics: BranchPart
    dlr: BranchPart
    scaling: dict[str, FeatureScale]
    submodels: tuple[Submodel, ...] = Field(min_length=1, max_length=MOST_SUBMODELS)
    nomograms: tuple[NomogramPart, ...] = Field((), max_length=MOST_NOMOGRAMS)
