"""The oracles: torchvision's and timm's own models, for tests and benchmarks; never needed at run time."""

from __future__ import annotations

import warnings
from ast import literal_eval
from importlib.util import find_spec
from types import ModuleType

import torch
from torch import library, nn

from nas import zoo

SCALES = ("gain", "gamma", "layer_scale", "weight_scale")  # factors that may start at 0 or near it

_KEPT: list[library.Library] = []  # the declarations below live as long as their library object


def torchvision_here() -> bool:
    return find_spec("torchvision") is not None


def import_torchvision() -> ModuleType:
    """torchvision; its wheel is built for CUDA, so on a CPU build of torch its operators are declared first."""
    if not hasattr(torch.ops.torchvision, "nms"):  # the exporter for timm may have declared them
        operators = library.Library("torchvision", "FRAGMENT")
        for operator in ("nms", "qnms"):
            operators.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(operators)
    import torchvision

    return torchvision


def unregistered(code: str) -> nn.Module:
    """An oracle that its library has the code of but no name for."""
    from timm.models.res2net import Bottle2neck
    from timm.models.resnet import Bottleneck, ResNet

    models = import_torchvision().models
    return {
        "torchvision.models.DenseNet(32,(6,12,64,48),64) (no registered entry)": lambda: models.DenseNet(
            32, (6, 12, 64, 48), 64
        ),
        "timm.models.resnet.ResNet(Bottleneck,[3,30,48,8]) (no registered entry)": lambda: ResNet(
            Bottleneck, (3, 30, 48, 8)
        ),
        "timm.models.resnet.ResNet(Bottle2neck,[3,12,48,3],base_width=26,scale=4,stem_width=32,stem_type='deep',"
        "avg_down=True) (no registered entry)": lambda: ResNet(
            Bottle2neck,
            (3, 12, 48, 3),
            base_width=26,
            stem_width=32,
            stem_type="deep",
            avg_down=True,
            block_args={"scale": 4},
        ),
        "timm's NASNetALarge of 1056 features, 4 cells a stage, rewired as TF-slim's mobile (no registered entry)": (
            _nasnet_mobile
        ),
    }[code]()


def _nasnet_mobile() -> nn.Module:
    """NASNet-A (4 @ 1056) of timm's cells: each cell reads the two before it, where timm's own network of six a stage
    leaves out one beside a reduction (tensorflow/models, research/slim/nets/nasnet, skip_reduction_layer_input)."""
    from timm.models.nasnet import NASNetALarge

    class Mobile(NASNetALarge):
        def forward_features(self, x: torch.Tensor) -> torch.Tensor:
            before = self.conv0(x)
            now = self.cell_stem_0(before)
            before, now = now, self.cell_stem_1(before, now)
            for name in cells:
                before, now = now, getattr(self, name)(now, before)
            return self.act(now)

    normal = [[f"cell_{stage * 6 + number}" for number in range(4)] for stage in range(3)]
    cells = [*normal[0], "reduction_cell_0", *normal[1], "reduction_cell_1", *normal[2]]
    model = Mobile(stem_size=32, num_features=1056)
    for name in [name for name, _ in model.named_children() if name.startswith("cell_") and name[5].isdigit()]:
        if name not in cells:
            delattr(model, name)
    return model


def oracle_model(name: str) -> nn.Module:
    """The oracle of a zoo entry, with weights as its library starts them; its library must be installed."""
    return built(*zoo.entry(name).model(name))


def built(library: str, model: str) -> nn.Module:
    """A model of "torchvision" (settings in brackets: "googlenet(aux_logits=False)"), "timm" or "code"."""
    torchvision = import_torchvision()
    if library == "torchvision":
        function, _, settings = model.rstrip(")").partition("(")
        told = {
            key: literal_eval(value) for key, _, value in (one.partition("=") for one in settings.split(",") if one)
        }
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # GoogLeNet's, of another start to come
            return getattr(torchvision.models, function)(weights=None, **told)
    import timm

    return timm.create_model(model, num_classes=1000) if library == "timm" else unregistered(model)


@torch.no_grad()
def randomise(model: nn.Module, seed: int) -> nn.Module:
    """Random norms and statistics (fresh batch norms would make every output vanish), and scales off their start."""
    torch.manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    for name, weight in model.named_parameters():
        if weight.ndim <= 1 or name.rpartition(".")[2] in SCALES:
            shift = name.endswith("bias")
            nn.init.normal_(weight, 0, 0.1) if shift else nn.init.uniform_(weight, 0.5, 1.5)
    return model
