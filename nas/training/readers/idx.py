"""IDX files, as MNIST and Fashion-MNIST come (yann.lecun.com/exdb/mnist: "THE IDX FILE FORMAT"), plain or gzipped.

The files of the test (t10k-…) are left alone: a search that had seen them could not be tested any more.
"""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.errors import FileError
from nas.training.readers.split import MOST_BYTES, Reader, Split, split_of

NAMES = ("{}-{}-idx{}-ubyte", "{}-{}-idx{}-ubyte.gz", "{}-{}.idx{}-ubyte", "{}-{}.idx{}-ubyte.gz")
BYTES = 0x08  # the type code of unsigned bytes
PART = 2**22  # bytes read at once


def _found(folder: Path, part: str, what: str, axes: int) -> Path | None:
    paths = [folder / name.format(part, what, axes) for name in NAMES]
    return next((path for path in paths if path.is_file()), None)


def _read(path: Path, resolution: int | None) -> tuple[Split, Split | None]:
    images, labels = _found(path, "train", "images", 3), _found(path, "train", "labels", 1)
    assert images is not None
    if labels is None:
        raise FileError(f"{path}: {images.name} stands there without its labels (train-labels-idx1-ubyte)")
    return split_of(read_idx(images), read_idx(labels), path), None


def read_idx(path: Path) -> NDArray[Any]:
    """The array of one IDX file of unsigned bytes: two zeros, a type, the number of axes, their lengths, the bytes."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data = bytearray()
            while (part := file.read(PART)) and len(data) <= MOST_BYTES:
                data += part
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(f"{path}: cannot be read ({error})") from None
    if len(data) < 4 or data[:2] != bytearray(2) or data[2] != BYTES or len(data) < 4 + 4 * data[3]:
        raise FileError(f"{path}: not an IDX file of unsigned bytes")
    start = 4 + 4 * data[3]
    shape = [int(length) for length in np.frombuffer(data[4:start], ">u4")]
    if prod(shape) != len(data) - start:
        raise FileError(f"{path}: {len(data) - start:,} bytes, but {'×'.join(map(str, shape))} are promised; cut off?")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


IDX = Reader(lambda path: path.is_dir() and _found(path, "train", "images", 3) is not None, _read)
