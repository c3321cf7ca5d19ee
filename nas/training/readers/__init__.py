"""Readers of images: one file a layout, one line here."""

from __future__ import annotations

from pathlib import Path

from nas.errors import FileError
from nas.training.readers.arrays import ARRAYS
from nas.training.readers.idx import IDX
from nas.training.readers.image_folder import IMAGE_FOLDER
from nas.training.readers.split import MOST_BYTES, Reader, Split

READERS: dict[str, Reader] = {
    "IDX files (train-images-idx3-ubyte, plain or .gz)": IDX,
    "NumPy arrays (images.npy and labels.npy, or one .npz)": ARRAYS,
    "class folders of images (train/shoe/1.png or shoe/1.png)": IMAGE_FOLDER,
}


def read_splits(path: Path, resolution: int | None) -> tuple[Split, Split | None]:
    """Images to train on, and those to judge by where the data names them."""
    if not path.exists():
        raise FileError(f"{path}: No such file or folder of images")
    for reader in READERS.values():
        if reader.accepts(path):
            return reader.read(path, resolution)
    raise FileError(f"{path}: no images found; known layouts: {'; '.join(READERS)}")


__all__ = ["MOST_BYTES", "READERS", "Reader", "Split", "read_splits"]
