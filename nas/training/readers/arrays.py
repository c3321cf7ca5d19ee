"""NumPy arrays: a folder with images.npy and labels.npy, or one .npz that holds both; never pickled objects.

`val_images` and `val_labels`, where they are there, are judged by. Keras's names (x_train, y_train, x_val, y_val) are
read too; x_test is left alone.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.errors import FileError
from nas.training.readers.split import Reader, Split, split_of

NAMES = (("images", "labels", "val_images", "val_labels"), ("x_train", "y_train", "x_val", "y_val"))


def _read(path: Path, resolution: int | None) -> tuple[Split, Split | None]:
    arrays = _folder(path) if path.is_dir() else _load(path)
    assert isinstance(arrays, Mapping)
    for images, labels, val_images, val_labels in NAMES:
        if images not in arrays:
            continue
        for one, other in ((images, labels), (val_images, val_labels)):
            if (one in arrays) != (other in arrays):
                raise FileError(f"{path}: {one} and {other} come together; it holds {', '.join(sorted(arrays))}")
        train = split_of(arrays[images], arrays[labels].squeeze(), path)
        val = split_of(arrays[val_images], arrays[val_labels].squeeze(), path) if val_images in arrays else None
        return train, val
    raise FileError(f"{path}: holds {', '.join(sorted(arrays)) or 'nothing'}; expected arrays 'images' and 'labels'")


def _folder(path: Path) -> dict[str, NDArray[Any]]:
    known = {name for names in NAMES for name in names}
    return {file.stem: _load(file) for file in sorted(path.glob("*.npy")) if file.stem in known}


def _load(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            if not isinstance(found, np.lib.npyio.NpzFile):
                return found
            return {name: found[name] for names in NAMES for name in names if name in found}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, MemoryError) as error:
        raise FileError(f"{path}: not an array of numbers ({str(error).splitlines()[0]})") from None


def _accepts(path: Path) -> bool:
    return (path / f"{NAMES[0][0]}.npy").is_file() or (path / f"{NAMES[1][0]}.npy").is_file() or path.suffix == ".npz"


ARRAYS = Reader(_accepts, _read)
