"""One step of the dynamic program: NumPy and compiled code give the same bits, and first queries start no numba."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.subset_sum import compiled_step, one_step, plain_step
from bounds.subset_sum.dynamic_program import all_targets, fixed_target
from bounds.subset_sum.growth import Geometry, Steps

ROOT = Path(__file__).resolve().parents[2]
STEPS = {
    "uniform": fixed_target("uniform", Geometry(0.875, 0.125, 0.875), 24, 9).steps,
    "product": fixed_target("product", Geometry(0.75, 0.3, 0.7), 16, 6).steps,
    "normal": fixed_target("normal", Geometry(1.0, 0.5, 0.5), 16, 12, 0.5).steps,
    "all targets": all_targets("uniform", 1.0, 16, 9, 128).steps,
}


def both(step: Steps, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    blocks = plain_step.layout(step.nodes, step.last)
    arguments = (step.nodes, step.mean, step.hit, step.last, row)
    return plain_step.one_more_variable(*arguments, blocks), compiled_step.one_more_variable(*arguments)


@pytest.mark.parametrize("name", STEPS)
def test_numpy_and_compiled_code_give_the_same_bits(name: str) -> None:
    step = STEPS[name]
    row = np.where(step.nodes >= step.nodes[-2], 0.0, 1.0) if name == "all targets" else np.ones_like(step.nodes)
    for _ in range(40):
        plain, compiled = both(step, row)
        assert plain.tobytes() == compiled.tobytes()
        row = compiled
    assert 0 < row[step.nodes.size // 2] < 1, "the recursion has done something"


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_the_same_bits_for_any_nonincreasing_row(data: st.DataObject) -> None:
    """Plateaus, concave and convex parts, and jumps: everything that decides which chord is found."""
    step = STEPS[data.draw(st.sampled_from(sorted(STEPS)))]
    falls = data.draw(st.lists(st.sampled_from([0.0, 0.0, 1e-12, 0.001, 0.2, 1.0]), min_size=1, max_size=12))
    shape = np.resize(np.array(falls), step.nodes.size) * data.draw(st.sampled_from([1.0, 0.1, 0.003]))
    row = np.clip(1.0 - np.cumsum(shape), 0.0, 1.0)
    plain, compiled = both(step, row)
    assert plain.tobytes() == compiled.tobytes()


@pytest.mark.parametrize("name", STEPS)
def test_the_same_bits_for_means_on_nodes(name: str) -> None:
    """Where a point lies exactly over the mean it replaces the same end in both."""
    step = STEPS[name]
    on_nodes = step.nodes[np.minimum(np.arange(step.nodes.size) + 3, step.last)]
    row = 1.0 - step.nodes**2
    plain, compiled = both(replace(step, mean=on_nodes, hit=np.zeros_like(step.hit)), row)
    assert plain.tobytes() == compiled.tobytes()
    tangents = plain_step.layout(step.nodes, step.last)[0]
    assert np.isin(on_nodes[tangents.nodes], tangents.right).all()


@pytest.mark.parametrize("name", STEPS)
def test_every_point_of_every_window_is_there_once(name: str) -> None:
    step = STEPS[name]
    seen = []
    for block in plain_step.layout(step.nodes, step.last):
        for node, index, inside, right in zip(
            range(step.nodes.size)[block.nodes], block.index, block.inside, block.right, strict=True
        ):
            assert list(index[inside]) == list(range(node, step.last[node]))
            assert (right[inside] == step.nodes[index[inside] + 1]).all()
            seen.append(node)
    assert seen == [i for i in range(step.nodes.size) if step.last[i] > i]


def test_numba_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    step = STEPS["uniform"]
    cells = sum(block.index.size for block in plain_step.layout(step.nodes, step.last))
    monkeypatch.setattr(one_step, "_beginning", one_step.Beginning())
    monkeypatch.setattr(one_step, "_PLAIN_CELLS", 3 * cells)
    used = []
    for module in (plain_step, compiled_step):
        real, name = module.one_more_variable, module.__name__.rpartition(".")[2]
        monkeypatch.setattr(module, "one_more_variable", lambda *a, real=real, name=name: used.append(name) or real(*a))
    row = np.ones_like(step.nodes)
    for _ in range(5):
        row = one_step.one_more_variable(step.nodes, step.mean, step.hit, step.last, row)
    assert used == ["plain_step"] * 3 + ["compiled_step"] * 2
    assert one_step._beginning.layouts == {}, "windows are let go"


@pytest.mark.parametrize(
    "query",
    [
        "bounds.activation('tanh').radius(1e-3)",
        "bounds.sufficient_size(.01, .01)",
        "bounds.sufficient_size(.01, .01, quantifier='all')",
        "bounds.necessary_size(.01, .01)",
        "bounds.success_upper_bound(10, .001)",
    ],
)
def test_first_queries_are_quick(query: str) -> None:
    """``import bounds`` and one query: under 1 s of processor time when idle, no torch, no numba."""
    run = (
        f"import bounds, sys, time\n{query}\nprint(time.process_time())\n"
        "assert not {'torch', 'numba', 'scipy.stats', 'matplotlib'} & set(sys.modules)"
    )
    times = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        times.append(float(done.stdout))
    assert min(times) < 2, "generous: other processes slow this one down"
