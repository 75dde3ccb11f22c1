"""How each feature stands to the Image Biomarker Standardisation Initiative (IBSI).

Sources: Zwanenburg et al., Radiology 2020;295:328 and the IBSI reference manual (arXiv:1612.07003)
for features; Whybra et al., Radiology 2024;310:e231319 (arXiv:2006.05470) for filters; the notes in
pyradiomics 3.0.1's documentation for where it differs. Codes are the manual's permanent ones.
"""

from dataclasses import dataclass
from typing import Literal

from her2desk.errors import InputRefused
from her2desk.radiomics.profile import SHAPES, Profile
from her2desk.texts import Message, msg

IbsiStatus = Literal["IBSI", "IBSI filter image", "not IBSI"]
_Known = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class IbsiEntry:
    """A feature's standing: the IBSI name and code where there is one, and why it is as it is."""

    status: IbsiStatus
    name: str
    code: str
    reason: Message


_SHAPE: _Known = {
    "Elongation": ("Elongation", "Q3CK"),
    "Flatness": ("Flatness", "N17B"),
    "LeastAxisLength": ("Least axis length", "7J51"),
    "MajorAxisLength": ("Major axis length", "TDIC"),
    "Maximum3DDiameter": ("Maximum 3D diameter", "L0JK"),
    "MeshVolume": ("Volume (mesh)", "RNU0"),
    "MinorAxisLength": ("Minor axis length", "P9VJ"),
    "Sphericity": ("Sphericity", "QCFX"),
    "SurfaceArea": ("Surface area (mesh)", "C0JK"),
    "SurfaceVolumeRatio": ("Surface to volume ratio", "2PR5"),
    "VoxelVolume": ("Volume (voxel counting)", "YEKZ"),
}
_FIRST_ORDER: _Known = {
    "10Percentile": ("10th intensity percentile", "QG58"),
    "90Percentile": ("90th intensity percentile", "8DWT"),
    "Energy": ("Intensity-based energy", "N8CA"),
    "Entropy": ("Intensity histogram entropy", "TLU2"),
    "InterquartileRange": ("Intensity interquartile range", "SALO"),
    "Kurtosis": ("(Excess) intensity kurtosis", "IPH6"),
    "Maximum": ("Maximum intensity", "84IY"),
    "Mean": ("Mean intensity", "Q4LE"),
    "MeanAbsoluteDeviation": ("Intensity-based mean absolute deviation", "4FUA"),
    "Median": ("Median intensity", "Y12H"),
    "Minimum": ("Minimum intensity", "1GSF"),
    "Range": ("Intensity range", "2OJQ"),
    "RobustMeanAbsoluteDeviation": ("Intensity-based robust mean absolute deviation", "1128"),
    "RootMeanSquared": ("Root mean square intensity", "5ZWQ"),
    "Skewness": ("Intensity skewness", "KE2M"),
    "Uniformity": ("Intensity histogram uniformity", "BJ5W"),
    "Variance": ("Intensity variance", "ECT3"),
}
_GLCM: _Known = {
    "Autocorrelation": ("Autocorrelation", "QWB0"),
    "ClusterProminence": ("Cluster prominence", "AE86"),
    "ClusterShade": ("Cluster shade", "7NFM"),
    "ClusterTendency": ("Cluster tendency", "DG8W"),
    "Contrast": ("Contrast", "ACUI"),
    "Correlation": ("Correlation", "NI2N"),
    "DifferenceAverage": ("Difference average", "TF7R"),
    "DifferenceEntropy": ("Difference entropy", "NTRS"),
    "DifferenceVariance": ("Difference variance", "D3YU"),
    "Id": ("Inverse difference", "IB1Z"),
    "Idm": ("Inverse difference moment", "WF0Z"),
    "Idmn": ("Normalised inverse difference moment", "1QCO"),
    "Idn": ("Normalised inverse difference", "NDRX"),
    "Imc1": ("First measure of information correlation", "R8DG"),
    "Imc2": ("Second measure of information correlation", "JN9H"),
    "InverseVariance": ("Inverse variance", "E8JP"),
    "JointAverage": ("Joint average", "60VM"),
    "JointEnergy": ("Angular second moment", "8ZQL"),
    "JointEntropy": ("Joint entropy", "TU9B"),
    "MaximumProbability": ("Joint maximum", "GYBY"),
    "SumAverage": ("Sum average", "ZGXS"),
    "SumEntropy": ("Sum entropy", "P6QZ"),
    "SumSquares": ("Joint variance", "UR99"),
}
_GLRLM: _Known = {
    "GrayLevelNonUniformity": ("Grey level non-uniformity", "R5YN"),
    "GrayLevelNonUniformityNormalized": ("Normalised grey level non-uniformity", "OVBL"),
    "GrayLevelVariance": ("Grey level variance", "8CE5"),
    "HighGrayLevelRunEmphasis": ("High grey level run emphasis", "G3QZ"),
    "LongRunEmphasis": ("Long runs emphasis", "W4KF"),
    "LongRunHighGrayLevelEmphasis": ("Long run high grey level emphasis", "3KUM"),
    "LongRunLowGrayLevelEmphasis": ("Long run low grey level emphasis", "IVPO"),
    "LowGrayLevelRunEmphasis": ("Low grey level run emphasis", "V3SW"),
    "RunEntropy": ("Run entropy", "HJ9O"),
    "RunLengthNonUniformity": ("Run length non-uniformity", "W92Y"),
    "RunLengthNonUniformityNormalized": ("Normalised run length non-uniformity", "IC23"),
    "RunPercentage": ("Run percentage", "9ZK5"),
    "RunVariance": ("Run length variance", "SXLW"),
    "ShortRunEmphasis": ("Short runs emphasis", "22OV"),
    "ShortRunHighGrayLevelEmphasis": ("Short run high grey level emphasis", "GD3A"),
    "ShortRunLowGrayLevelEmphasis": ("Short run low grey level emphasis", "HTZT"),
}
_GLSZM: _Known = {
    "GrayLevelNonUniformity": ("Grey level non-uniformity", "JNSA"),
    "GrayLevelNonUniformityNormalized": ("Normalised grey level non-uniformity", "Y1RO"),
    "GrayLevelVariance": ("Grey level variance", "BYLV"),
    "HighGrayLevelZoneEmphasis": ("High grey level zone emphasis", "5GN9"),
    "LargeAreaEmphasis": ("Large zone emphasis", "48P8"),
    "LargeAreaHighGrayLevelEmphasis": ("Large zone high grey level emphasis", "J17V"),
    "LargeAreaLowGrayLevelEmphasis": ("Large zone low grey level emphasis", "YH51"),
    "LowGrayLevelZoneEmphasis": ("Low grey level zone emphasis", "XMSY"),
    "SizeZoneNonUniformity": ("Zone size non-uniformity", "4JP3"),
    "SizeZoneNonUniformityNormalized": ("Normalised zone size non-uniformity", "VB3A"),
    "SmallAreaEmphasis": ("Small zone emphasis", "5QRC"),
    "SmallAreaHighGrayLevelEmphasis": ("Small zone high grey level emphasis", "HW1V"),
    "SmallAreaLowGrayLevelEmphasis": ("Small zone low grey level emphasis", "5RAI"),
    "ZoneEntropy": ("Zone size entropy", "GU8N"),
    "ZonePercentage": ("Zone percentage", "P30P"),
    "ZoneVariance": ("Zone size variance", "3NSA"),
}
_GLDM: _Known = {
    "DependenceEntropy": ("Dependence count entropy", "FCBV"),
    "DependenceNonUniformity": ("Dependence count non-uniformity", "Z87G"),
    "DependenceNonUniformityNormalized": ("Normalised dependence count non-uniformity", "OKJI"),
    "DependenceVariance": ("Dependence count variance", "DNX2"),
    "GrayLevelNonUniformity": ("Grey level non-uniformity", "FP8K"),
    "GrayLevelVariance": ("Grey level variance", "1PFV"),
    "HighGrayLevelEmphasis": ("High grey level count emphasis", "OAE7"),
    "LargeDependenceEmphasis": ("High dependence emphasis", "IMOQ"),
    "LargeDependenceHighGrayLevelEmphasis": ("High dependence high grey level emphasis", "9QMG"),
    "LargeDependenceLowGrayLevelEmphasis": ("High dependence low grey level emphasis", "NBZI"),
    "LowGrayLevelEmphasis": ("Low grey level count emphasis", "TL9H"),
    "SmallDependenceEmphasis": ("Low dependence emphasis", "SODN"),
    "SmallDependenceHighGrayLevelEmphasis": ("Low dependence high grey level emphasis", "JA6D"),
    "SmallDependenceLowGrayLevelEmphasis": ("Low dependence low grey level emphasis", "EQ3F"),
}
_NGTDM: _Known = {
    "Busyness": ("Busyness", "NQ30"),
    "Coarseness": ("Coarseness", "QCDE"),
    "Complexity": ("Complexity", "HDEZ"),
    "Contrast": ("Contrast", "65HE"),
    "Strength": ("Strength", "1X9X"),
}
KNOWN: dict[str, _Known] = {
    "shape": _SHAPE,
    "shape2D": {},
    "firstorder": _FIRST_ORDER,
    "glcm": _GLCM,
    "glrlm": _GLRLM,
    "glszm": _GLSZM,
    "gldm": _GLDM,
    "ngtdm": _NGTDM,
}
_HISTOGRAM = frozenset({"firstorder_Entropy", "firstorder_Uniformity"})

AS_DEFINED = msg("As IBSI defines it.")
KURTOSIS = msg("3 above the IBSI value, which is of excess kurtosis; same order of patients.")
NO_DEFINITION = msg("IBSI does not define this feature.")
FLAT_SHAPE = msg("IBSI defines shape in three dimensions only.")
ONE_SLICE = msg("Defined for a volume; of one slice it says what the thickness makes of it.")
BINS_FROM_ZERO = msg("Bins start at multiples of their width; IBSI lets them start at the minimum.")
LOG_FILTER = msg("On a Laplacian of Gaussian (L6PA), by a recursive filter and scaled by σ².")
WAVELET_FILTER = msg("On a separable undecimated wavelet (25BO), its edges continued periodically.")
NOISE_FILTER = msg("On rounding error: one slice has nothing across it.")
ONE_SLICE_FILTER = msg("A three-dimensional wavelet of one slice, which IBSI leaves open.")
NO_FILTER = msg("IBSI does not define the filter.")


def ibsi_entry(name: str, profile: Profile) -> IbsiEntry:
    """The standing of a feature, "<image>_<class>_<feature>", as measured with this profile.

    Raises ``InputRefused`` (code ``features-missing``) for a name of no feature.
    """
    parts = name.split("_")
    if len(parts) != 3 or parts[1] not in KNOWN:
        raise InputRefused(
            msg("There is no feature {name}.", name=name),
            msg("docs/features.md lists them."),
            code="features-missing",
        )
    image, feature_class, feature = parts
    ibsi_name, code = KNOWN[feature_class].get(feature, ("", ""))
    status, reason = _standing(image, feature_class, feature, profile)
    return IbsiEntry(status, ibsi_name, code, reason)


def _standing(
    image: str, feature_class: str, feature: str, profile: Profile
) -> tuple[IbsiStatus, Message]:
    key = f"{feature_class}_{feature}"
    if feature not in KNOWN[feature_class]:
        return "not IBSI", FLAT_SHAPE if feature_class == "shape2D" else NO_DEFINITION
    if feature_class in SHAPES:
        return "not IBSI", ONE_SLICE
    if key == "firstorder_Kurtosis":
        return "not IBSI", KURTOSIS
    is_binned = feature_class != "firstorder" or key in _HISTOGRAM
    if is_binned and profile.bin_width is not None:
        return "not IBSI", BINS_FROM_ZERO
    return _filtered(image, profile)


def _filtered(image: str, profile: Profile) -> tuple[IbsiStatus, Message]:
    if image == "original":
        return "IBSI", AS_DEFINED
    if image.startswith("log-sigma"):
        return "IBSI filter image", LOG_FILTER
    if image.startswith("wavelet"):
        if profile.dimension == 3:
            return "not IBSI", NOISE_FILTER if image.endswith("H") else ONE_SLICE_FILTER
        return "IBSI filter image", WAVELET_FILTER
    return "not IBSI", NO_FILTER
