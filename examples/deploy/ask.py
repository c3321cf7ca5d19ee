"""Asks a server of serve.py for the classes of a drawn image, and prints them.

python ask.py http://127.0.0.1:8901
"""

from __future__ import annotations

import io
import json
import sys
import time
from urllib.error import URLError
from urllib.request import Request, urlopen

import numpy as np
from PIL import Image


def main() -> None:
    file = io.BytesIO()
    drawn = np.random.default_rng(0).integers(256, size=(300, 400, 3), dtype=np.uint8)
    Image.fromarray(drawn).save(file, "PNG")
    for attempt in range(50):  # the server takes a moment to start
        try:
            with urlopen(Request(sys.argv[1], data=file.getvalue()), timeout=10) as answer:
                found = json.load(answer)["classes"]
            break
        except URLError:
            if attempt == 49:
                raise
            time.sleep(0.2)
    assert len(found) == 5, found
    assert 0 < sum(one["probability"] for one in found) <= 1 + 1e-6, found
    for one in found:
        print(f"class {one['class']:>4}  probability {one['probability']:.4f}")


if __name__ == "__main__":
    main()
