"""Class folders of image files, read with Pillow: train/shoe/1.png and val/shoe/7.png, or shoe/1.png alone."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from nas.errors import FileError
from nas.training.readers.split import MOST_BYTES, Reader, Split

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".ppm", ".pgm", ".tif", ".tiff"})
GREY = frozenset({"1", "L", "LA"})
DEEP = ("I", "F")  # modes of more than 8 bits, which a conversion would clip
# What Pillow raises for a file that is no image, a cut one, or one of absurd size.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning)

Listed = list[tuple[Path, int]]


def _read(path: Path, resolution: int | None) -> tuple[Split, Split | None]:
    parted = (path / "train").is_dir()
    root = path / "train" if parted else path
    classes = [folder.name for folder in _folders(root)]
    listed = [_listed(root, classes)]
    if parted and (path / "val").is_dir():
        if strange := sorted({folder.name for folder in _folders(path / "val")} - set(classes)):
            raise FileError(f"{path / 'val' / strange[0]}: a class that train/ lacks")
        listed.append(_listed(path / "val", classes))
    mode, size = _seen([file for part in listed for file, _ in part], resolution)
    total = sum(map(len, listed)) * size[0] * size[1] * (1 if mode == "L" else 3)
    if total > MOST_BYTES:
        raise FileError(f"{path}: {total:,} bytes of pixels, more than {MOST_BYTES:,}; give a smaller resolution=…")
    splits = [_split(part, mode, size, resolution) for part in listed]
    return splits[0], splits[1] if len(splits) > 1 else None


def _folders(root: Path) -> list[Path]:
    return sorted(folder for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith("."))


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)


def _listed(root: Path, classes: list[str]) -> Listed:
    """Every image file with the number of its class; a class without images is refused."""
    found: Listed = []
    for number, name in enumerate(classes):
        files = _files(root / name) if (root / name).is_dir() else []
        if not files:
            raise FileError(f"{root / name}: a class folder without images; fill it, or remove the class")
        found += [(file, number) for file in files]
    return found


def _seen(files: list[Path], resolution: int | None) -> tuple[str, tuple[int, int]]:
    """What all images have: the mode (grey where all are) and the size, from their headers."""
    sizes: dict[tuple[int, int], Path] = {}
    grey = True
    for file in files:
        with _opened(file) as image:
            sizes.setdefault(image.size[::-1] if _lies(image, file) else image.size, file)
            grey &= image.mode in GREY
            if image.mode.startswith(DEEP):
                raise FileError(f"{file}: more than 8 bits a pixel (mode {image.mode}); convert it to 8")
    if resolution is not None:
        return "L" if grey else "RGB", (resolution, resolution)
    if len(sizes) > 1:
        (one, first), (other, second) = list(sizes.items())[:2]
        raise FileError(
            f"images of {len(sizes)} sizes ({first} is {one[0]}×{one[1]}, {second} {other[0]}×{other[1]}); "
            "resolution=… resizes them: shorter side to that many pixels, then the centre"
        )
    return "L" if grey else "RGB", next(iter(sizes))


def _lies(image: Image.Image, file: Path) -> bool:
    """Whether the image is shown turned by a quarter: the EXIF tag Orientation is 5 to 8."""
    try:
        return image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    except BROKEN as error:
        raise FileError(f"{file}: a corrupt image ({_told(error, file)})") from None


def _opened(file: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(file)
    except BROKEN as error:
        raise FileError(f"{file}: not an image that can be read ({_told(error, file)})") from None


def _split(listed: Listed, mode: str, size: tuple[int, int], resolution: int | None) -> Split:
    images = np.empty((len(listed), 1 if mode == "L" else 3, size[1], size[0]), dtype=np.uint8)
    for number, (file, _) in enumerate(listed):
        images[number] = _pixels(file, mode, resolution)
    return Split(images, np.array([label for _, label in listed], dtype=np.int64))


def _pixels(file: Path, mode: str, resolution: int | None) -> NDArray[np.uint8]:
    with _opened(file) as image:
        try:
            upright = ImageOps.exif_transpose(image).convert(mode)
        except BROKEN as error:
            raise FileError(f"{file}: a corrupt image ({_told(error, file)})") from None
    if resolution is not None:
        side = min(upright.size)
        left, top = ((length - side) // 2 for length in upright.size)
        upright = upright.crop((left, top, left + side, top + side))
        upright = upright.resize((resolution, resolution), Image.Resampling.BILINEAR)
    found = np.asarray(upright, dtype=np.uint8)
    return found[None] if mode == "L" else np.moveaxis(found, 2, 0)


def _told(error: BaseException, file: Path) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].replace(f" '{file}'", "").replace(str(file), "")[:150]


def _accepts(path: Path) -> bool:
    return path.is_dir() and bool(_folders(path))


IMAGE_FOLDER = Reader(_accepts, _read)
