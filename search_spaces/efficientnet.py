"""The space of Accel-NASBench: the seven stages of EfficientNet-B0, each with its own expand, kernel, layers and SE."""

from __future__ import annotations

from nas.space import SearchSpace, choices

SPACE = SearchSpace(
    name="efficientnet",
    citation="Tan et al. 2019, arXiv:1807.11626 (MnasNet); Tan & Le 2019, arXiv:1905.11946, Table 1; "
    "Ahmad et al. 2024, arXiv:2404.08005 (Accel-NASBench)",
    base="efficientnet_b0",
    evaluator="accel_nasbench",
    stages=choices(
        "block   expand    kernel stride channels repeats     se",
        ("mbconv", (1, 4, 6), (3, 5), 1, 16, (1, 2, 3), (0, 0.25)),
        ("mbconv", (1, 4, 6), (3, 5), 2, 24, (1, 2, 3), (0, 0.25)),
        ("mbconv", (1, 4, 6), (3, 5), 2, 40, (1, 2, 3), (0, 0.25)),
        ("mbconv", (1, 4, 6), (3, 5), 2, 80, (1, 2, 3), (0, 0.25)),
        ("mbconv", (1, 4, 6), (3, 5), 1, 112, (1, 2, 3), (0, 0.25)),
        ("mbconv", (1, 4, 6), (3, 5), 2, 192, (1, 2, 3, 4), (0, 0.25)),
        ("mbconv", (1, 4, 6), (3, 5), 1, 320, (1, 2, 3), (0, 0.25)),
    ),
)
