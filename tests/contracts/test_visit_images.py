"""Mean images and masks: what is written is read, what is broken is said."""

from pathlib import Path

import numpy as np
import pytest

from spectramind.contracts.visit_images import CAUSES, PixelImages, read_images, write_images
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import AIRS, FGS1, Detector


def images() -> dict[Detector, PixelImages]:
    rng = np.random.default_rng(1)
    return {
        detector: PixelImages(
            rng.uniform(0, 1e5, (32, width)).astype(np.float32),
            rng.integers(0, len(CAUSES), (32, width)).astype(np.uint8),
        )
        for detector, width in ((FGS1, 32), (AIRS, 282))
    }


def test_images_come_back(tmp_path: Path) -> None:
    path, written = tmp_path / "images_1.npz", images()
    write_images(path, written)
    found = read_images(path)
    for detector, one in written.items():
        np.testing.assert_array_equal(found[detector].mean, one.mean)
        np.testing.assert_array_equal(found[detector].mask, one.mask)


def test_broken_images_are_said(tmp_path: Path) -> None:
    path = tmp_path / "images_1.npz"
    with pytest.raises(SchemaError, match="is missing: run `spectramind calibrate`"):
        read_images(path)
    wrong = images() | {AIRS: images()[FGS1]}
    write_images(path, wrong)
    with pytest.raises(SchemaError, match=r"expected \(32, 282\)"):
        read_images(path)
    odd = images()
    odd[FGS1].mask[0, 0] = len(CAUSES)
    write_images(path, odd)
    with pytest.raises(SchemaError, match=r"causes 0\.\.8"):
        read_images(path)
