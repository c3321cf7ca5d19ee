"""Serves an exported ONNX file over HTTP: POST an image, get its five likeliest classes as JSON.

python serve.py NETWORK.onnx --port 8901
"""

from __future__ import annotations

import argparse
import io
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import onnxruntime
from PIL import Image, UnidentifiedImageError

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's channels, as torchvision normalises them
LARGEST = 20 * 2**20  # bytes of a request


def pixels(image: Image.Image, height: int, width: int) -> np.ndarray:
    """An image as the network reads it: (1, 3, height, width), float32."""
    resized = np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
    return ((resized / 255 - MEAN) / SPREAD).transpose(2, 0, 1)[None].astype(np.float32)


class Answer(BaseHTTPRequestHandler):
    """One request; `session` is the network."""

    session: onnxruntime.InferenceSession
    timeout = 10  # seconds that a client may be silent

    def do_POST(self) -> None:
        told = self.headers.get("Content-Length", "")
        length = int(told) if told.isdigit() and len(told) < 12 else 0
        if not 0 < length <= LARGEST:
            return self.tell(413, {"error": f"send an image of at most {LARGEST:,} bytes"})
        try:
            image = Image.open(io.BytesIO(self.rfile.read(length)), formats=("PNG", "JPEG", "WEBP"))
            image.load()
        except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
            return self.tell(400, {"error": "no PNG, JPEG or WebP image"})
        entry = self.session.get_inputs()[0]
        (scores,) = self.session.run(None, {entry.name: pixels(image, *entry.shape[2:])})
        chances = np.exp(scores[0] - scores[0].max())
        chances /= chances.sum()
        best = np.argsort(-chances)[:5]
        return self.tell(200, {"classes": [{"class": int(n), "probability": float(chances[n])} for n in best]})

    def tell(self, status: int, document: dict[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network")
    parser.add_argument("--port", type=int, default=8901)
    arguments = parser.parse_args()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # as it was calibrated
    Answer.session = onnxruntime.InferenceSession(arguments.network, options, providers=["CPUExecutionProvider"])
    print(f"serving {arguments.network} on http://127.0.0.1:{arguments.port}", flush=True)
    HTTPServer(("127.0.0.1", arguments.port), Answer).serve_forever()


if __name__ == "__main__":
    main()
