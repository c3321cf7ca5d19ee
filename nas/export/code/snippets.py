"""Classes and functions that a written file brings along where torch has none: the twins of nas.modules."""

from __future__ import annotations

SNIPPETS: dict[str, str] = {
    "make_divisible": '''def make_divisible(width: float, divisor: int, least: int = 0) -> int:
    """`width` to the nearest multiple of `divisor`, and one step up again where more than a tenth would be lost."""
    found = max(divisor, least, int(width + divisor / 2) // divisor * divisor)
    return found + divisor if found < 0.9 * width else found
''',
    "same_padded": '''def same_padded(x: Tensor, kernel, stride, dilation=(1, 1), value: float = 0.0) -> Tensor:
    """The map with what TensorFlow's SAME padding puts around it, the odd pixel at the bottom and right."""
    pads = []
    for axis in (1, 0):  # pad counts from the last axis
        size, step = x.shape[2 + axis], stride[axis]
        total = max(0, (-(-size // step) - 1) * step + (kernel[axis] - 1) * dilation[axis] + 1 - size)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)
''',
    "SameConv2d": '''class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding."""

    def forward(self, x: Tensor) -> Tensor:
        x = same_padded(x, self.kernel_size, self.stride, self.dilation)
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
''',
    "SameMaxPool2d": '''class SameMaxPool2d(nn.Module):
    """Max pooling with TensorFlow's SAME padding, of zeros or of what is never the largest."""

    def __init__(self, kernel: int, stride: int, zeros: bool = False) -> None:
        super().__init__()
        self.kernel, self.stride, self.value = (kernel, kernel), (stride, stride), 0.0 if zeros else -math.inf

    def forward(self, x: Tensor) -> Tensor:
        return F.max_pool2d(same_padded(x, self.kernel, self.stride, value=self.value), self.kernel, self.stride)
''',
    "SameAvgPool2d": '''class SameAvgPool2d(nn.Module):
    """Average pooling with TensorFlow's SAME padding, which counts as zeros."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = (kernel, kernel), (stride, stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(same_padded(x, self.kernel, self.stride), self.kernel, self.stride)
''',
    "ZeroPaddedMaxPool2d": '''class ZeroPaddedMaxPool2d(nn.MaxPool2d):
    """Max pooling whose padding counts as zeros."""

    def __init__(self, kernel: int, stride: int, padding: int) -> None:
        super().__init__(kernel, stride)
        self.zeros = (padding,) * 4

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, self.zeros))
''',
    "StandardisedConv2d": '''class StandardisedConv2d(nn.Conv2d):
    """A convolution whose filters are shifted and scaled to mean 0 and variance 1, or with `gain` to 1 / fan-in times
    a trainable factor each."""

    def __init__(self, *shape: int, eps: float, gain: bool = False, same: bool = False, **settings) -> None:
        super().__init__(*shape, **settings)
        self.eps, self.same = eps, same
        self.register_parameter("gain", nn.Parameter(torch.ones(self.out_channels, 1, 1, 1)) if gain else None)

    def forward(self, x: Tensor) -> Tensor:
        filters = self.weight.reshape(1, self.out_channels, -1)
        scale = None if self.gain is None else (self.gain * self.weight[0].numel() ** -0.5).view(-1)
        filters = F.batch_norm(filters, None, None, scale, training=True, momentum=0.0, eps=self.eps)
        x = same_padded(x, self.kernel_size, self.stride, self.dilation) if self.same else x
        return F.conv2d(
            x, filters.view_as(self.weight), self.bias, self.stride, self.padding, self.dilation, self.groups
        )
''',
    "MapLinear": '''class MapLinear(nn.Linear):
    """A linear layer over the channels of a map."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
''',
    "MapLayerNorm": '''class MapLayerNorm(nn.LayerNorm):
    """Layer norm over the channels of a map."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
''',
    "GlobalResponseNorm": '''class GlobalResponseNorm(nn.Module):
    """Each channel scaled by its norm over the map, in units of all channels' mean norm, and added to itself."""

    def __init__(self, channels: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = nn.Parameter(torch.zeros(channels)), nn.Parameter(torch.zeros(channels)), eps

    def forward(self, x: Tensor) -> Tensor:
        gain = x.norm(dim=(2, 3), keepdim=True)
        gain = gain / (gain.mean(1, keepdim=True) + self.eps)
        return x + self.bias[:, None, None] + self.weight[:, None, None] * gain * x
''',
    "DropPath": '''class DropPath(nn.Module):
    """In training, leave out the branch of an image at `rate` and scale up the others (stochastic depth)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        kept = torch.empty(len(x), *[1] * (x.ndim - 1), dtype=x.dtype, device=x.device).bernoulli_(1 - self.rate)
        return x * kept / (1 - self.rate)
''',
    "radix_softmax": '''def radix_softmax(gates: Tensor, radix: int, cardinality: int) -> Tensor:
    """Softmax across the gates of `radix` maps, channel by channel."""
    gates = gates.unflatten(1, (cardinality, radix, -1)).transpose(1, 2)
    return gates.softmax(1).flatten(1, 3)
''',
}

# What a snippet itself needs.
BELOW = dict.fromkeys(("SameConv2d", "SameMaxPool2d", "SameAvgPool2d", "StandardisedConv2d"), ("same_padded",))

READ_WEIGHTS = '''def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors file, with torch alone."""
    types = {
        "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
        "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2, "BOOL": torch.bool, "U8": torch.uint8,
        "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
    }
    data = bytearray(Path(path).read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    if start > len(data):
        raise ValueError(f"{path} is no safetensors file: its header would end behind it")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    found = {}
    for name, told in header.items():
        if told["dtype"] not in types:
            raise ValueError(f"{path}: {name} is {told['dtype']}; known: {', '.join(types)}")
        first, last = (start + offset for offset in told["data_offsets"])
        if not start <= first <= last <= len(data):
            raise ValueError(f"{path}: {name} lies outside of the file; is it cut off?")
        found[name] = torch.frombuffer(data[first:last], dtype=types[told["dtype"]]).reshape(told["shape"])
    return found
'''


def needed(names: set[str]) -> list[str]:
    """The text of those snippets and of what they need, in the order of SNIPPETS."""
    names = names | {below for name in names for below in BELOW.get(name, ())}
    return [text for name, text in SNIPPETS.items() if name in names]
