"""Images are read from every layout alike, and what cannot be trained on is told in one line."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from PIL import Image

from nas.errors import FileError
from nas.training.images import held_out, read_images, subset
from nas.training.readers import READERS

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (36, 12, 12), dtype=np.uint8)
LABELS = np.repeat(np.arange(3), 12).astype(np.uint8)


@pytest.fixture(autouse=True)
def _nothing_cached():
    read_images.cache_clear()


def idx(array):
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes()


def write_idx(folder, zipped=False):
    for name, array in (("train-images-idx3-ubyte", PIXELS), ("train-labels-idx1-ubyte", LABELS)):
        data = idx(array)
        (folder / (f"{name}.gz" if zipped else name)).write_bytes(gzip.compress(data) if zipped else data)
    (folder / "t10k-images-idx3-ubyte").write_bytes(b"the test is not read")


def write_npy(folder):
    np.save(folder / "images.npy", PIXELS)
    np.save(folder / "labels.npy", LABELS)


def write_folders(folder, root=""):
    for number, (pixels, label) in enumerate(zip(PIXELS, LABELS, strict=True)):
        place = folder / root / f"class{label}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place / f"{number:03}.png")


LAYOUTS = {
    "idx": write_idx,
    "idx.gz": lambda folder: write_idx(folder, zipped=True),
    "npy": write_npy,
    "folders": write_folders,
    "train folder": lambda folder: write_folders(folder, "train"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_tells_the_same_images(layout, tmp_path):
    LAYOUTS[layout](tmp_path)
    found = read_images(str(tmp_path))
    assert (found.classes, found.channels) == (3, 1)
    assert found.train.images.shape == (30, 1, 12, 12)
    assert np.bincount(found.val.labels).tolist() == [2, 2, 2]  # a sixth of each class
    chosen = held_out(LABELS.astype(np.int64), 1 / 6)
    assert (found.val.images[:, 0] == PIXELS[chosen]).all()
    assert not {image.tobytes() for image in found.train.images} & {image.tobytes() for image in found.val.images}


@pytest.mark.parametrize(
    "names", [("images", "labels", "val_images", "val_labels"), ("x_train", "y_train", "x_val", "y_val")]
)
def test_one_npz_holds_images_to_train_on_and_to_judge_by(names, tmp_path):
    arrays = dict(zip(names, (PIXELS[6:], LABELS[6:, None], PIXELS[:6] / 255, LABELS[:6]), strict=True))
    np.savez(tmp_path / "all.npz", **arrays, x_test=np.array(["never read"], dtype=object))
    found = read_images(str(tmp_path / "all.npz"))
    assert (len(found.train.labels), len(found.val.labels)) == (30, 6)
    assert (found.val.images[:, 0] == PIXELS[:6]).all()  # floats from 0 to 1 are the same bytes


@pytest.mark.parametrize("shape", [(36, 8, 8, 3), (36, 3, 8, 8)])
def test_channels_stand_first_or_last(shape, tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros(shape, np.uint8), labels=LABELS)
    assert read_images(str(tmp_path / "a.npz")).train.images.shape[1:] == (3, 8, 8)


def test_a_folder_of_colour_images_has_three_channels_and_its_own_validation_images(tmp_path):
    for part in ("train", "val"):
        write_folders(tmp_path, part)
    Image.fromarray(RNG.integers(0, 256, (12, 12, 3), dtype=np.uint8)).save(tmp_path / "train" / "class0" / "x.png")
    found = read_images(str(tmp_path))
    assert found.channels == 3
    assert (len(found.train.labels), len(found.val.labels)) == (37, 36)


def test_images_of_mixed_sizes_are_refused_or_resized_by_the_stated_rule(tmp_path):
    write_folders(tmp_path)
    wide = np.zeros((12, 24), np.uint8)
    wide[:, 6:18] = 255  # the centre square
    Image.fromarray(wide).save(tmp_path / "class0" / "zz.png")
    with pytest.raises(FileError, match=r"images of 2 sizes \(.*000.png is 12×12, .*zz.png 24×12\); resolution=…"):
        read_images(str(tmp_path))
    found = read_images(str(tmp_path), 6)
    assert found.train.images.shape[2:] == (6, 6)
    assert any((image == 255).all() for image in (*found.train.images, *found.val.images))


def spoiled_image(folder):
    write_folders(folder)
    whole = (folder / "class1" / "012.png").read_bytes()
    (folder / "class1" / "012.png").write_bytes(whole[: len(whole) // 2])


def no_image(folder):
    write_folders(folder)
    (folder / "class1" / "012.png").write_text("no image")


def deep_image(folder):
    write_folders(folder)
    Image.fromarray(np.full((12, 12), 40_000, np.uint16)).save(folder / "class1" / "012.png")


def empty_class(folder):
    write_folders(folder)
    (folder / "class3").mkdir()


def strange_class(folder):
    write_folders(folder, "train")
    (folder / "val" / "other").mkdir(parents=True)


def arrays(**changed):
    return lambda folder: np.savez(folder / "a.npz", **{"images": PIXELS, "labels": LABELS, **changed})


BAD = {
    "a corrupt image": (spoiled_image, "class1/012.png: a corrupt image"),
    "no image": (no_image, "class1/012.png: not an image that can be read"),
    "16 bits": (deep_image, "class1/012.png: more than 8 bits a pixel"),
    "an empty class": (empty_class, "class3: a class folder without images; fill it, or remove the class"),
    "a class of val alone": (strange_class, "val/other: a class that train/ lacks"),
    "nothing": (lambda folder: None, "no images found; known layouts: IDX files"),
    "other counts": (arrays(labels=LABELS[:-1]), "36 images and 35 labels"),
    "labels from 1": (arrays(labels=LABELS + 1), "no training image has label 0 of 0 to 3; labels count from 0"),
    "labels below 0": (arrays(labels=LABELS.astype(int) - 1), "labels from -1 to 1"),
    "labels of text": (arrays(labels=LABELS.astype(str)), "labels are one whole number an image, not <U3"),
    "one image of a class": (arrays(labels=np.minimum(np.arange(36), 1)), "class 0 has one image; it takes two"),
    "one class": (arrays(labels=LABELS * 0), "one class only"),
    "wild pixels": (arrays(images=PIXELS / 100), "pixels are float64 from 0.0 to 2.55; expected uint8, or floats"),
    "NaN": (arrays(images=PIXELS * np.nan), "pixels are float64 from nan to nan"),
    "flat images": (arrays(images=PIXELS.reshape(36, 144)), r"images of shape \(36, 144\)"),
    "pickled objects": (arrays(images=np.array([{}] * 36)), "not an array of numbers"),
    "other names": (lambda folder: np.savez(folder / "a.npz", images=PIXELS), "images and labels come together"),
    "half a file": (lambda folder: (folder / "a.npz").write_bytes(b"PK\x03\x04half"), "not an array of numbers"),
    "half an IDX": (lambda folder: (folder / "train-images-idx3-ubyte").write_bytes(idx(PIXELS)[:-9]), "labels"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_trained_on_is_told_in_one_line(case, tmp_path):
    spoil, message = BAD[case]
    spoil(tmp_path)
    path = tmp_path / "a.npz"
    with pytest.raises(FileError, match=message) as told:
        read_images(str(path if path.exists() else tmp_path))
    assert "\n" not in str(told.value)


def test_a_file_that_was_cut_off_says_so(tmp_path):
    write_idx(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(PIXELS)[:-9])
    with pytest.raises(FileError, match="5,175 bytes, but 36×12×12 are promised; cut off"):
        read_images(str(tmp_path))


def test_a_path_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileError, match="nowhere: No such file or folder of images"):
        read_images(str(tmp_path / "nowhere"))


def test_a_smaller_draw_is_the_beginning_of_a_larger_one():
    labels = LABELS.astype(np.int64)
    assert subset(labels, 5).tolist() == subset(labels, 20)[:5].tolist() == subset(labels, 0)[:5].tolist()


def test_every_reader_is_tried():
    assert len(READERS) == 3
