"""The simulated ultrasound scanners: what makes two of them draw the same breast differently."""

from dataclasses import dataclass

SOUND_SPEED_MM_PER_US = 1.54  # soft tissue


@dataclass(frozen=True)
class Scanner:
    """One simulated scanner and its preset.

    ``picture_rows`` × ``picture_columns`` pixels of ``spacing_mm`` form the picture, whose top-left
    pixel lies at (``picture_left``, ``picture_top``) on a screen of ``rows`` × ``columns``.
    ``looks`` is the number of steering angles compounded, ``gain_db`` is added before the log
    compression to ``dynamic_range_db``, ``gamma`` bends the grey curve.
    """

    model_name: str
    site: str
    frequency_mhz: float
    spacing_mm: float
    rows: int
    columns: int
    picture_left: int
    picture_top: int
    picture_columns: int
    picture_rows: int
    dynamic_range_db: float
    gain_db: float
    looks: int
    gamma: float

    @property
    def wavelength_mm(self) -> float:
        return SOUND_SPEED_MM_PER_US / self.frequency_mhz

    @property
    def width_mm(self) -> float:
        """Width of the picture."""
        return self.picture_columns * self.spacing_mm

    @property
    def depth_mm(self) -> float:
        """Depth of the picture."""
        return self.picture_rows * self.spacing_mm


MANUFACTURER = "Her2Desk phantom"

SCANNERS: tuple[Scanner, ...] = (
    Scanner(
        model_name="Phantom scanner A",
        site="Site 1",
        frequency_mhz=12.0,
        spacing_mm=0.07,
        rows=480,
        columns=640,
        picture_left=44,
        picture_top=22,
        picture_columns=548,
        picture_rows=440,
        dynamic_range_db=60.0,
        gain_db=0.0,
        looks=4,
        gamma=1.15,
    ),
    Scanner(
        model_name="Phantom scanner B",
        site="Site 2",
        frequency_mhz=9.0,
        spacing_mm=0.085,
        rows=460,
        columns=600,
        picture_left=50,
        picture_top=20,
        picture_columns=500,
        picture_rows=420,
        dynamic_range_db=66.0,
        gain_db=1.5,
        looks=3,
        gamma=1.2,
    ),
    Scanner(
        model_name="Phantom scanner C",
        site="Site 1",
        frequency_mhz=14.0,
        spacing_mm=0.062,
        rows=480,
        columns=640,
        picture_left=40,
        picture_top=18,
        picture_columns=560,
        picture_rows=448,
        dynamic_range_db=59.0,
        gain_db=0.5,
        looks=5,
        gamma=1.05,
    ),
)
SCANNER_SHARES = (0.45, 0.30, 0.25)
