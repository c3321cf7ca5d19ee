"""Who may import whom: docs/architecture.md, as a test."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(
    [*(ROOT / "nas").rglob("*.py"), *(ROOT / "search_spaces").rglob("*.py"), *(ROOT / "scaling").rglob("*.py")]
)
FILES.append(ROOT / "cli.py")


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def imports_of(path: Path, *, lazy: bool) -> set[str]:
    """Modules that a file imports when it is loaded (and, with `lazy`, inside its functions)."""
    tree = ast.parse(path.read_text())
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not lazy:
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in MODULES else node.module)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree)
    return found


def tops(path: Path, *, lazy: bool = True) -> set[str]:
    return {name.split(".")[0] for name in imports_of(path, lazy=lazy)}


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_nobody_imports_upwards(path):
    floor = module_of(path).split(".")[0]
    forbidden = {
        "nas": {"search_spaces", "scaling", "cli"},
        "search_spaces": {"scaling", "cli"},
        "scaling": {"search_spaces", "cli"},
        "cli": set(),
    }[floor]
    assert not tops(path) & forbidden


def test_there_is_no_circle_of_imports():
    dag = nx.DiGraph(
        (name, other) for name, path in MODULES.items() for other in imports_of(path, lazy=False) & set(MODULES)
    )
    # A package's own file gathers its rooms, and a room may use its package's other rooms.
    dag.remove_edges_from([(name, other) for name, other in dag.edges if name == other])
    assert nx.is_directed_acyclic_graph(dag), nx.find_cycle(dag)


TORCH_ROOMS = {f"nas.{room}" for room in ("compiler", "layers", "modules", "initialising", "threads", "weights")}
TORCH_ROOMS |= {f"nas.proxies.{room}" for room in ("az_nas", "measuring", "subject", "synflow", "zen")}
TORCH_ROOMS |= {f"nas.training.{room}" for room in ("batches", "checkpoint", "training")}
TORCH_ROOMS.add("nas.runtimes.torch")
TORCH_ROOMS |= {f"nas.export.{room}" for room in ("comparing", "exporting")}
TORCH_ROOMS |= {f"nas.export.formats.{room}" for room in ("onnx", "timm", "torch_export")}
OPTUNA_ROOMS = {f"nas.study.{room}" for room in ("ledger", "modelled", "reading", "samplers", "searching", "settings")}


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_torch_and_optuna_stay_behind_their_lines(path):
    assert ("torch" in tops(path)) == (module_of(path) in TORCH_ROOMS)
    assert ("optuna" in tops(path)) == (module_of(path) in OPTUNA_ROOMS)


def test_the_ground_floor_needs_neither_numpy_nor_scipy():
    ground = [path for name, path in MODULES.items() if name.startswith("nas.graph")]
    assert all(not tops(path) & {"numpy", "scipy", "torch", "optuna"} for path in ground)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_file_is_small_and_named_for_what_it_holds(path):
    assert path.stem not in {"utils", "common", "helpers", "misc", "base_classes"}
    assert len(path.read_text().splitlines()) <= 400


def test_no_module_shares_the_name_of_a_public_function():
    import nas

    functions = {name for name in nas.__all__ if callable(getattr(nas, name)) and name[0].islower()}
    assert not {name.rpartition(".")[2] for name in MODULES} & functions


def loaded(code: str) -> set[str]:
    """Top-level packages that are loaded after running `code` in a fresh interpreter."""
    program = f"import sys\n{code}\nprint('\\n'.join(sorted({{name.split('.')[0] for name in sys.modules}})))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(run.stdout.split())


COMMANDS = {
    "help": "['--help']",
    "scale": "['scale', 'b0', '--phi', '3']",
    "cost": "['cost', 'b0']",
    "zoo": "['zoo', 'show', 'b0']",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_quick_commands_load_neither_torch_nor_optuna_nor_scipy(command):
    packages = loaded(
        f"import cli\ntry:\n    cli.app({COMMANDS[command]})\nexcept SystemExit as end:\n    assert not end.code"
    )
    assert not packages & {"torch", "optuna", "scipy"}


def test_the_public_surface_loads_no_torch():
    names = "Architecture, Graph, Budget, SearchSpace, cost, lower, multiply, zoo"
    assert not loaded(f"from nas import {names}") & {"torch", "optuna", "scipy"}
