"""The classes of a file besides its blocks: layers that go together, parts of blocks, what torch lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nas.export.code.snippets import needed
from nas.export.code.text import camel, class_text, signature
from nas.export.code.tree import Item

# How parts are called by the role of their nodes, and what their docstrings say.
PARTS = {"se": "SqueezeExcite", "attention": "SplitAttention", "ghost1": "GhostModule", "ghost2": "GhostModule"}
TOLD = {
    "SqueezeExcite": "The map times a gate a channel, from the means over the map.",
    "SplitAttention": "Maps weighed against one another, channel by channel, by what their sum holds on average.",
    "GhostModule": "Half of the channels by a 1×1 convolution, and half from those by a depthwise one.",
}
NOT_IN_PLACE = ("nn.GELU", "nn.Sigmoid", "nn.Tanh")  # torch has no such form of these


@dataclass
class Shelf:
    """The classes of a file besides its blocks, each once."""

    same: bool
    used: set[str] = field(default_factory=set)
    composites: dict[tuple[tuple[str, ...], str, str], str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)  # text with ? for its name -> name

    def needs(self, name: str) -> str:
        """Note a class or function of ours as used."""
        self.used.add(name)
        return name

    def layers(self, names: tuple[str, ...], act: str, norm: str) -> str:
        """The class of a convolution with norm and activation."""
        key = names, act, norm
        if key not in self.composites:
            base = "ConvNormAct" if act else "ConvNorm"
            own = [f"ConvNorm{act.removeprefix('nn.')}"] if act.startswith("nn.") else []
            taken = set(self.composites.values())
            options = (base, *own, *(f"{base}{number}" for number in range(2, 99)))
            self.composites[key] = next(one for one in options if one not in taken)
            if self.same:
                self.needs("SameConv2d")
        return self.composites[key]

    def part(self, item: Item, parameters: Sequence[str], text: list[str]) -> str:
        """The class of a part of a block."""
        roles = [use.role.partition(".")[0] for use in item.uses]
        role = next((one for one in roles if one in PARTS), roles[0])
        name = PARTS.get(role) or camel(item.name if not item.name.isdecimal() else role)
        told = class_text("?", "nn.Module", TOLD.get(name, ""), signature(parameters, {}), text)
        if told not in self.parts:
            taken = set(self.parts.values())
            options = (name, *(f"{name}{number}" for number in range(2, 99)))
            self.parts[told] = next(one for one in options if one not in taken)
        return self.parts[told]

    def text(self) -> list[str]:
        """All of them."""
        composites = [self._composite(name, *key) for key, name in self.composites.items()]
        parts = [text.replace("class ?(", f"class {name}(", 1) for text, name in self.parts.items()]
        return [*needed(self.used), *composites, *parts]

    def _composite(self, name: str, names: tuple[str, ...], act: str, norm: str) -> str:
        """A convolution with norm and activation, as a Sequential."""
        plain = "nn.Conv2d(inputs, channels, kernel, stride, kernel // 2"
        conv = "SameConv2d(inputs, channels, kernel, stride" if self.same else plain
        layers = [f"{conv}, groups=groups, bias=False)", f"nn.BatchNorm2d(channels{', ' * bool(norm)}{norm})"]
        given = act and not act.startswith("nn.")
        if act:
            layers.append(f"{'activation' if given else act}({'inplace=True' * (act not in NOT_IN_PLACE)})")
        if any(names):
            pairs = [f'    ("{part}", {layer}),' for part, layer in zip(names, layers, strict=True)]
            inside = ["OrderedDict([", *pairs, "])"]
        else:
            inside = [f"{layer}," for layer in layers]
        takes = ["inputs: int", "channels: int", "kernel: int = 1", "stride: int = 1", "groups: int = 1"]
        takes += ["activation: type[nn.Module] = nn.ReLU"] if given else []
        told = "Convolution, batch norm and activation" if act else "Convolution and batch norm"
        text = ["super().__init__(", *(f"    {line}" for line in inside), ")"]
        return class_text(name, "nn.Sequential", f"{told}; only the stride changes the map's size.", takes, text)
