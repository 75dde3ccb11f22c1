"""From tissue to a B-mode picture: scatterers, point-spread function, envelope, log compression.

The linear model of Bamber & Dickinson (Phys. Med. Biol. 25, 1980): the received signal is the field
of random scatterers convolved with the pulse. It is computed as complex baseband, so the envelope
is its magnitude; with many scatterers per pulse the envelope is Rayleigh (Wagner et al., IEEE
Trans. Sonics Ultrason. 30, 1983). The pulse is a Gaussian along the beam times a Gaussian across
it that widens away from the focus.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import gaussian_filter1d

from her2desk.phantoms.anatomy import Tissue
from her2desk.phantoms.grid import Field, Grid, SmoothNoise
from her2desk.phantoms.scanner import Scanner

Signal = NDArray[np.complex64]

AXIAL_SIGMA_WAVELENGTHS = 0.7  # a pulse of about 1.6 wavelengths FWHM
LATERAL_SIGMA_WAVELENGTHS = 1.35  # f-number about 3 at the focus
FOCAL_RANGE_WAVELENGTHS = 120.0  # the beam is √2 wider this far from the focus
NOISE_DB = -66.0
PHASE_CELL_MM = (0.9, 1.8)


@dataclass(frozen=True)
class Exposure:
    """What differs from one picture to the next on one scanner, beside the tissue.

    ``focus_mm`` is the focal depth, ``gain_db`` the operator's gain, ``tgc`` the error of the
    time-gain compensation and ``lateral`` that of the gain across the probe (dB, smooth fields),
    ``phases`` the phase of smooth interfaces.
    """

    focus_mm: float
    gain_db: float
    tgc: SmoothNoise
    lateral: SmoothNoise
    phases: SmoothNoise

    @classmethod
    def draw(cls, rng: np.random.Generator, scanner: Scanner, focus_mm: float) -> "Exposure":
        size = scanner.depth_mm, scanner.width_mm
        return cls(
            focus_mm,
            float(rng.normal(0, 1.5)),
            SmoothNoise(rng, *size, (9.0, 200.0)),
            SmoothNoise(rng, *size, (200.0, 7.0)),
            SmoothNoise(rng, *size, PHASE_CELL_MM),
        )


def scatterers(rng: np.random.Generator, looks: int, rows: int, columns: int) -> Signal:
    """Complex white Gaussian scatterers, shape (looks, rows, columns), unit power."""
    parts = rng.standard_normal((looks, rows, columns, 2), dtype=np.float32)
    return np.asarray(parts.view(np.complex64)[..., 0] * np.float32(np.sqrt(0.5)))


def b_mode(
    tissue: Tissue, noise: Signal, grid: Grid, scanner: Scanner, exposure: Exposure
) -> NDArray[np.uint8]:
    """Grey picture of ``tissue``, shape (rows, columns), from one scatterer field per look."""
    across_mm = lateral_sigma_mm(grid.y_mm, scanner, exposure.focus_mm)
    along_px = AXIAL_SIGMA_WAVELENGTHS * scanner.wavelength_mm / grid.spacing_mm
    # The pulse has unit sum; this keeps the power of diffuse scattering independent of its width.
    power = 2 * np.sqrt(np.pi * along_px * across_mm / grid.spacing_mm)
    passed = 10 ** (-tissue.loss_db / 20)
    diffuse = power[:, None] * 10 ** (tissue.scatter_db / 20) * passed
    phase = 2.5 * exposure.phases(grid.y_mm, grid.x_mm)
    mirror = tissue.mirror * passed * np.exp(1j * phase)
    power_sum = np.zeros_like(tissue.scatter_db)
    for look in noise:
        echo = through_pulse(diffuse * look + mirror, along_px, across_mm / grid.spacing_mm)
        power_sum += echo.real**2 + echo.imag**2
    return log_compressed(np.asarray(power_sum / len(noise), np.float32), grid, scanner, exposure)


def lateral_sigma_mm(depth_mm: Field, scanner: Scanner, focus_mm: float) -> Field:
    """Half width (sigma) of the beam: diffraction at the focus, widening as the aperture's cone."""
    waist = LATERAL_SIGMA_WAVELENGTHS * scanner.wavelength_mm
    away = (depth_mm - focus_mm) / (FOCAL_RANGE_WAVELENGTHS * scanner.wavelength_mm)
    return np.asarray(waist * np.sqrt(1 + away**2), np.float32)


def through_pulse(field: Signal, along_px: float, across_px: Field) -> Signal:
    """Convolve with the separable pulse whose lateral width depends on the row."""
    columns = field.shape[1]
    padded = fft.next_fast_len(columns + 32)
    spectrum = fft.fft(field.astype(np.complex64), padded, axis=1)
    frequency = fft.fftfreq(padded).astype(np.float32)
    spectrum *= np.exp(-2 * (np.pi * across_px[:, None] * frequency[None, :]) ** 2)
    lateral = fft.ifft(spectrum, axis=1)[:, :columns]
    return np.asarray(gaussian_filter1d(lateral, along_px, axis=0, mode="constant", truncate=3.0))


def log_compressed(
    power: Field, grid: Grid, scanner: Scanner, exposure: Exposure
) -> NDArray[np.uint8]:
    """Envelope power to grey values: noise floor, gain errors, dynamic range, grey curve."""
    zero = np.zeros(1, np.float32)
    gain = (
        scanner.gain_db
        + exposure.gain_db
        + 1.0 * exposure.tgc(grid.y_mm, zero)
        + 0.7 * exposure.lateral(zero, grid.x_mm)
    )
    level = 10 * np.log10(power + 10 ** (NOISE_DB / 10)) + gain
    share = np.clip(1 + level / scanner.dynamic_range_db, 0, 1) ** scanner.gamma
    return np.asarray(np.rint(255 * share), np.uint8)
