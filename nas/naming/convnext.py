"""Names of the modules of ConvNeXt, ConvNeXt V2 and InceptionNeXt."""

from __future__ import annotations

from collections.abc import Mapping

from nas.naming.table import Naming, Place


def _odd_and_even(place: Place) -> Mapping[str, int]:
    """torchvision numbers stages and the layers between them in one list; 2 layers of the stem stand before all."""
    first = 2 if place.stage == 1 else 0
    return {"own": 2 * place.stage - 1, "before": 2 * place.stage - 2, "norm": first, "conv": first + 1}


# torchvision.models.convnext: CNBlock.
TORCHVISION = Naming(
    "features.{own}.{block}",
    {
        "stem": {"conv": "features.0.0", "norm": "features.0.1"},
        "convnext": {
            "down.norm": "/features.{before}.{norm}",
            "down.conv": "/features.{before}.{conv}",
            "mixer": "block.0",
            "norm": "block.2",
            "expand": "block.3",
            "act": "block.4",
            "project": "block.5",
            "layer.scale": "layer_scale",
            "layer.scaled": "scaled",
            "drop_path": "stochastic_depth",
        },
        "head": {"pool": "avgpool", "norm": "classifier.0", "dropout": "dropout", "fc": "classifier.2"},
    },
    _odd_and_even,
    scales_as_maps=True,
)

# timm.models.convnext: ConvNeXtStage, ConvNeXtBlock; timm.models.inception_next: MetaNeXtStage, MetaNeXtBlock.
_TIMM_BLOCK = {
    "down.norm": "/stages.{stage0}.downsample.0",
    "down.conv": "/stages.{stage0}.downsample.1",
    "mixer": "conv_dw",
    "mixer.square": "token_mixer.dwconv_hw",
    "mixer.wide": "token_mixer.dwconv_w",
    "mixer.high": "token_mixer.dwconv_h",
    "split": "token_mixer.split",
    "concat": "token_mixer.concat",
    "expand": "mlp.fc1",
    "act": "mlp.act",
    "grn": "mlp.grn",
    "project": "mlp.fc2",
    "layer.scale": "gamma",
    "layer.scaled": "scaled",
}
_TIMM = {"stem": {"conv": "stem.0", "norm": "stem.1"}, "convnext": _TIMM_BLOCK, "inception_next": _TIMM_BLOCK}
_TIMM_HEAD = {"pool": "head.global_pool", "norm": "head.norm", "dropout": "head.drop", "fc": "head.fc"}
TIMM = Naming("stages.{stage0}.blocks.{block}", {**_TIMM, "head": _TIMM_HEAD})
TIMM_MLP_HEAD = Naming(
    "stages.{stage0}.blocks.{block}",
    {**_TIMM, "head": {**_TIMM_HEAD, "hidden": "head.fc1", "act": "head.act", "fc": "head.fc2"}},
)
