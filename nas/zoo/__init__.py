"""The zoo: published networks by name. One file a family, one line here."""

from __future__ import annotations

from nas.architecture import Architecture
from nas.errors import ArchitectureError, unknown
from nas.graph import Graph
from nas.lowering import lower
from nas.zoo import (
    alexnet,
    convnext,
    densenet,
    efficientnet,
    ghostnet,
    inception,
    inception_next,
    inception_resnet,
    lenet,
    mnasnet,
    mobilenetv1,
    mobilenetv2,
    mobilenetv3,
    mobilenetv4,
    nasnet,
    nfnet,
    pnasnet,
    regnet,
    res2net,
    resnest,
    resnet,
    resnetv2,
    senet,
    shufflenet,
    sknet,
    squeezenet,
    van,
    vgg,
    xception,
)
from nas.zoo.entry import Entry

ENTRIES: dict[str, Entry] = {
    **efficientnet.ENTRIES,
    **vgg.ENTRIES,
    **mnasnet.ENTRIES,
    **mobilenetv1.ENTRIES,
    **mobilenetv2.ENTRIES,
    **mobilenetv3.ENTRIES,
    **mobilenetv4.ENTRIES,
    **ghostnet.ENTRIES,
    **shufflenet.ENTRIES,
    **resnet.ENTRIES,
    **senet.ENTRIES,
    **sknet.ENTRIES,
    **resnest.ENTRIES,
    **res2net.ENTRIES,
    **resnetv2.ENTRIES,
    **nfnet.ENTRIES,
    **regnet.ENTRIES,
    **convnext.ENTRIES,
    **inception_next.ENTRIES,
    **inception.ENTRIES,
    **inception_resnet.ENTRIES,
    **van.ENTRIES,
    **nasnet.ENTRIES,
    **pnasnet.ENTRIES,
    **densenet.ENTRIES,
    **lenet.ENTRIES,
    **alexnet.ENTRIES,
    **squeezenet.ENTRIES,
    **xception.ENTRIES,
}

ALIASES: dict[str, str] = {**efficientnet.ALIASES}


def names(family: str | None = None) -> list[str]:
    """The names of all entries, or of one family: torchvision's name, else timm's without `tf_` or `legacy_`."""
    if family is None:
        return list(ENTRIES)
    found = [name for name, one in ENTRIES.items() if one.family == family]
    found = found or [name for name, one in ENTRIES.items() if one.family.startswith(f"{family}_")]  # regnet
    if not found:
        raise ArchitectureError(unknown("family", family, families()))
    return found


def families() -> list[str]:
    """The names of all families."""
    return list(dict.fromkeys(one.family for one in ENTRIES.values()))


def canonical(name: str) -> str:
    """The name of the entry that `name` or an alias ("b0", "v2-s") means; raises ArchitectureError for others."""
    name = ALIASES.get(name.lower(), name.lower())
    if name not in ENTRIES:
        raise ArchitectureError(unknown("network", name, [*ALIASES, *ENTRIES]))
    return name


def entry(name: str) -> Entry:
    """The entry of that name or alias."""
    return ENTRIES[canonical(name)]


def tables() -> list[str]:
    """The names of the entries that are tables of stages; the others have a graph only."""
    return [name for name, one in ENTRIES.items() if one.architecture is not None]


def architecture(name: str) -> Architecture:
    """The architecture of that name; raises ArchitectureError for a network that no table of stages holds."""
    make = entry(name).architecture
    if make is None:
        raise ArchitectureError(f"{canonical(name)} is no table of stages; zoo.build gives its graph, which scales too")
    return make()


def build(
    name: str,
    *,
    num_classes: int | None = None,
    in_chans: int | None = None,
    drop_rate: float | None = None,
    drop_path_rate: float | None = None,
) -> Graph:
    """The graph of that name; the arguments mean what they mean in timm (None: as published)."""
    one = entry(name)
    num_classes = one.num_classes if num_classes is None else num_classes
    in_chans = one.in_chans if in_chans is None else in_chans
    if (plan := one.plan) is not None:
        return plan.graph(num_classes, in_chans, dropout=drop_rate, name=canonical(name))
    table = architecture(name)
    if drop_rate is not None:
        table = table.model_copy(update={"head": table.head.model_copy(update={"dropout": drop_rate})})
    if drop_path_rate is not None:
        table = table.model_copy(update={"drop_path": drop_path_rate})
    return lower(table, num_classes, in_chans, name=canonical(name))
