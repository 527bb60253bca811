"""Subset-sum solvers: each objective against brute force in Python numbers, all back ends bit for bit alike."""

from fractions import Fraction
from itertools import combinations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.dispatcher import Dispatcher
from numpy.typing import NDArray

from constructions import philox
from constructions.solvers import (
    BACK_ENDS,
    OBJECTIVES,
    amplification,
    enumeration,
    exact_errors,
    halves,
    solve_subset_sums,
    unrestricted,
    values,
)
from constructions.solvers.enumeration import LARGEST_NATURAL, last_size
from constructions.solvers.problem import checked_problems

FAST = [name for name in BACK_ENDS if name not in ("cuda", "reference")]
GRID = 64  # multiples of 1/64: sums, errors and amplifications are exact in float64, whatever their order


def oracle(variables: list[Fraction], target: Fraction, tolerance: Fraction, objective: str, most: int) -> int:
    """The stated rule in exact arithmetic: subsets by itertools, no halves, no sorting, no floats; 0 if unsolved."""
    candidates = []
    for size in range(most + 1):
        for chosen in combinations(range(len(variables)), size):
            error = abs(sum(variables[k] for k in chosen) - target)
            mask = sum(1 << k for k in chosen)
            weights = sum(abs(variables[k]) for k in chosen)
            candidates.append((error, mask, size, weights, [variables[k] * target > 0 for k in chosen]))
    within = [c for c in candidates if c[0] <= tolerance]
    answers = {
        "best": min(candidates)[1],
        "fixed_size": min((c for c in candidates if c[2] == most), default=(0, 0))[1],
        "within": min((c[1] for c in within), default=0),
        "smallest": min(((c[2], c[1]) for c in within), default=(0, 0))[1],
        "least_amplification": min(((c[3], c[1]) for c in within), default=(0, 0))[1],
        "one_sign": min(((c[2], c[1]) for c in within if all(c[4])), default=(0, 0))[1],
    }
    return answers[objective]


def test_every_objective_has_an_oracle() -> None:
    for objective in OBJECTIVES:
        assert oracle([Fraction(1, 2), Fraction(1, 4)], Fraction(3, 4), Fraction(0), objective, 2) == 3


@settings(max_examples=150)
@given(
    variables=st.lists(st.integers(-GRID, GRID) | st.sampled_from([0, 7, -7]), max_size=8),
    target=st.integers(-2 * GRID, 2 * GRID),
    tolerance=st.sampled_from([0, 1, 5, 20]),
    objective=st.sampled_from(sorted(OBJECTIVES)),
    cap=st.none() | st.integers(0, 8),
    device=st.sampled_from([*FAST, "reference"]),
)
def test_the_stated_rules_in_exact_arithmetic(
    variables: list[int], target: int, tolerance: int, objective: str, cap: int | None, device: str
) -> None:
    most = len(variables) if cap is None else min(cap, len(variables))
    max_size = most if objective == "fixed_size" else cap
    sets = np.array([variables], np.float64) / GRID
    found = solve_subset_sums(sets, [target / GRID], tolerance / GRID, objective, max_size, device)
    exact = [Fraction(v, GRID) for v in variables], Fraction(target, GRID), Fraction(tolerance, GRID)
    assert int(found.masks[0]) == oracle(*exact, objective, most)
    error = exact_errors(sets, [target / GRID], found.masks)[0]
    assert Fraction(float(found.errors[0])) == error
    assert bool(found.solved[0]) == (error <= exact[2])
    assert int(found.sizes[0]) == int(found.masks[0]).bit_count()


def problems(kind: str, count: int, size: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Random problems: continuous, with many ties, with sums that round, and with nothing but zeros."""
    generator = np.random.default_rng([seed, size])
    if kind == "uniform":
        return generator.uniform(-1, 1, (count, size)), generator.uniform(-1, 1, count)
    if kind == "ties":
        return generator.integers(-2, 3, (count, size)) / 4, generator.integers(-4, 5, count) / 8
    if kind == "rounding":
        sets = generator.choice([0.0, 1e-20, 0.1, -0.1, 0.3, 1e-17, 1e16], (count, size))
        return sets, generator.choice([0.0, 0.1, 0.2, 0.3, 1.0], count)
    return np.zeros((count, size)), generator.choice([0.0, 0.1], count)


@pytest.mark.parametrize("device", FAST)
@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
@pytest.mark.parametrize("kind", ["uniform", "ties", "rounding", "zeros"])
def test_back_ends_agree_bit_for_bit(device: str, objective: str, kind: str) -> None:
    for size in (0, 1, 2, 5, 8, 11, LARGEST_NATURAL + 1):
        sets, targets = problems(kind, 12, size, 3)
        caps = {size // 2, size} if objective == "fixed_size" else {None, 1, size // 2}
        for cap in caps:
            for tolerance in (0.0, 1e-3, 0.05):
                arguments = (sets, targets, tolerance, objective, cap)
                found, expected = (solve_subset_sums(*arguments, device=name) for name in (device, "reference"))
                for field in ("masks", "errors", "sizes", "solved"):
                    assert getattr(found, field).tobytes() == getattr(expected, field).tobytes(), (size, cap, tolerance)


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
@pytest.mark.parametrize("size", [17, 18])
def test_hard_problems_beyond_enumeration(objective: str, size: int) -> None:
    """Tolerances that only subsets larger than the enumeration's reach can meet: sorted halves take over."""
    sets, targets = problems("uniform", 12, size, 8)
    cap = 9 if objective == "fixed_size" else None
    found = solve_subset_sums(sets, targets, 3e-5, objective, cap)
    expected = solve_subset_sums(sets, targets, 3e-5, objective, cap, device="reference")
    assert found.masks.tolist() == expected.masks.tolist()
    if objective == "smallest":
        assert found.sizes.max() > last_size(size, size)


@pytest.mark.parametrize("count", [6, 9, 12, 13, 20])
def test_many_variables_are_needed(count: int) -> None:
    """All variables alike: the lists of the sorted halves have to grow to the size of the answer."""
    found = solve_subset_sums(np.full((1, 26), 0.125), [count / 8], 0.01)
    assert found.masks.tolist() == [(1 << count) - 1]


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_useless_variables_cost_no_time(objective: str) -> None:
    """2^32 subsets share every value; no search may look at all of them."""
    sets = np.zeros((1, 32))
    sets[0, 30] = 0.5
    found = solve_subset_sums(sets, [0.5], 0.0, objective, 1 if objective == "fixed_size" else None)
    assert found.masks.tolist() == [1 << 30]


@pytest.mark.parametrize("objective", ["best", "within", "smallest"])
def test_large_base_sets_by_another_route(objective: str) -> None:
    """Beyond brute force: the prescribed subset is found, and torch finds the same masks by its own search."""
    generator = np.random.default_rng(4)
    sets = generator.uniform(-1, 1, (3, 27))
    planted = generator.random((3, 27)) < 0.3
    targets = (sets * planted).sum(1)
    found = solve_subset_sums(sets, targets, 1e-7, objective)
    assert found.solved.all()
    assert found.masks.tolist() == solve_subset_sums(sets, targets, 1e-7, objective, device="torch").masks.tolist()
    bound = Fraction(1, 10**7) + Fraction(1, 10**13)
    assert all(error <= bound for error in exact_errors(sets, targets, found.masks))
    if objective == "best":
        assert found.errors.max() < 1e-14


def test_the_largest_base_sets() -> None:
    sets, targets = problems("uniform", 4, 64, 1)
    found = solve_subset_sums(sets, targets, 1e-4, "smallest", max_size=4)
    assert found.solved.all() and found.sizes.max() <= 4
    capped = solve_subset_sums(sets, targets, 0.0, "best", max_size=4)
    assert (capped.errors <= found.errors).all()
    top = np.zeros((1, 64))
    top[0, 63] = 0.5
    assert solve_subset_sums(top, [0.5], 0.0, max_size=2).masks.tolist() == [1 << 63]


def test_the_value_of_a_subset_adds_the_halves_from_the_top() -> None:
    """Six variables, split at 3: ((w5 + w4) + w3) + ((w2 + w1) + w0); every other order gives another sum."""
    w = [0.47, -0.37, -0.74, 0.59, 0.61, 0.71]
    stated = ((w[5] + w[4]) + w[3]) + ((w[2] + w[1]) + w[0])
    others = (
        ((w[3] + w[4]) + w[5]) + ((w[2] + w[1]) + w[0]),
        ((w[5] + w[4]) + w[3]) + ((w[0] + w[1]) + w[2]),
        ((((w[5] + w[4]) + w[3]) + w[2]) + w[1]) + w[0],
        ((((w[0] + w[1]) + w[2]) + w[3]) + w[4]) + w[5],
    )
    assert stated not in others
    for device in (*FAST, "reference"):
        for target in (stated, *others):
            found = solve_subset_sums([w], [target], 0.0, "fixed_size", 6, device)
            assert found.errors.tolist() == [abs(stated - target)]
            found = solve_subset_sums([w], [target], 0.0, "smallest", device=device)
            assert (found.masks.tolist() == [63]) == (target == stated)


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_threads_order_and_batching_do_not_matter(objective: str) -> None:
    count = 9000 if objective in ("smallest", "one_sign") else 700
    sets, targets = problems("uniform", count, 14, 9)
    cap = 5 if objective == "fixed_size" else None
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = solve_subset_sums(sets, targets, 1e-3, objective, cap)
        numba.set_num_threads(before)
        many = solve_subset_sums(sets, targets, 1e-3, objective, cap)
    finally:
        numba.set_num_threads(before)
    assert one.masks.tobytes() == many.masks.tobytes()
    backwards = solve_subset_sums(sets[::-1], targets[::-1], 1e-3, objective, cap)
    assert backwards.masks[::-1].tobytes() == one.masks.tobytes()


def test_one_tolerance_per_problem_and_the_boundary() -> None:
    sets = np.tile([0.5, 0.25, 0.125], (4, 1))
    tolerances = np.array([0.0, 0.0625, np.nextafter(0.0625, 0), 0.3])
    found = solve_subset_sums(sets, np.full(4, 0.3125), tolerances)
    assert found.masks.tolist() == [0, 2, 0, 1]
    assert found.solved.tolist() == [False, True, False, True]
    assert found.errors.tolist() == [0.3125, 0.0625, 0.3125, 0.1875]


@pytest.mark.parametrize("device", [*FAST, "reference"])
def test_no_problems_and_no_variables(device: str) -> None:
    for objective in OBJECTIVES:
        assert solve_subset_sums(np.zeros((0, 5)), [], 0.1, objective, 2, device).masks.shape == (0,)
        found = solve_subset_sums(np.zeros((2, 0)), [0.05, 0.2], 0.1, objective, 0, device)
        assert found.masks.tolist() == [0, 0] and found.solved.tolist() == [True, False]


def test_progress_and_interruption() -> None:
    sets, targets = problems("uniform", 30000, 10, 2)
    seen: list[tuple[int, int]] = []
    solve_subset_sums(sets, targets, 1e-2, progress=lambda done, count: seen.append((done, count)))
    assert seen[-1] == (30000, 30000) and seen == sorted(seen) and len(seen) > 2

    def interrupt(done: int, count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve_subset_sums(sets, targets, 1e-2, progress=interrupt)


def test_least_amplification_is_less_than_that_of_any_other_answer() -> None:
    sets, targets = problems("uniform", 200, 24, 6)

    def weights(objective: str) -> NDArray[np.float64]:
        masks = solve_subset_sums(sets, targets, 1e-3, objective).masks
        chosen = (masks[:, None] >> np.arange(24, dtype=np.uint64)) & np.uint64(1)
        return np.asarray((chosen * np.abs(sets)).sum(1))

    least = weights("least_amplification")
    for other in ("smallest", "within"):
        assert (least <= weights(other) + 1e-12).all()
        assert (least < weights(other) - 1e-3).any()


BAD_INPUT = [
    (([[1.0, np.nan]], [0.0], 0.1), r"base_sets\[0, 1\] is nan"),
    (([[1.0]], [np.inf], 0.1), r"targets\[0\] is inf"),
    (([[1e301]], [0.0], 0.1), r"base_sets\[0, 0\] is 1e\+301"),
    (([[1.0]], [0.0], -0.1), r"tolerance reaches down to -0.1"),
    (([[1.0]], [0.0], np.nan), "tolerance is nan"),
    (([[1.0]], [0.0], [0.1, 0.2]), r"tolerance has shape \(2,\)"),
    (([[1.0]], [0.0, 1.0], 0.1), r"base_sets has shape \(1, 1\) and targets \(2,\)"),
    (([1.0], [0.0], 0.1), r"base_sets has shape \(1,\)"),
    (([["a"]], [0.0], 0.1), "base_sets has dtype"),
    ((np.zeros((1, 65)), [0.0], 0.1), "base_sets has 65 variables"),
    ((np.zeros((1, 46)), [0.0], 0.1), "46 variables with max_size=None need 8388608 sums"),
    (([[1.0]], [0.0], 0.1, "largest"), "objective='largest' is not known; choose one of smallest, best"),
    (([[1.0]], [0.0], 0.1, "best", -1), "max_size=-1"),
    (([[1.0]], [0.0], 0.1, "best", 1.5), "max_size=1.5"),
    (([[1.0]], [0.0], 0.1, "fixed_size"), "max_size=None, but objective='fixed_size'"),
    (([[1.0]], [0.0], 0.1, "fixed_size", 2), "max_size=2 variables cannot be chosen out of 1"),
    (([[1.0]], [0.0], 0.1, "best", None, "tpu"), "device='tpu' is not known; choose one of cpu"),
    ((np.zeros((1, 23)), [0.0], 0.1, "best", None, "reference"), "at most 22 variables, not 23"),
    ((np.zeros((1, 23)), [0.0], 0.1, "least_amplification", None, "torch"), "at most 22 variables, not 23"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_INPUT)
def test_bad_input(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        solve_subset_sums(*arguments)  # type: ignore[arg-type]


def test_exact_errors_refuse_masks_beyond_the_base_set() -> None:
    with pytest.raises(ValueError, match="mask 0x4 selects variables beyond the 2 there are"):
        exact_errors([[1.0, 2.0]], [0.0], [4])
    with pytest.raises(ValueError, match=r"must be \(P, m\)"):
        exact_errors([1.0, 2.0], [0.0], [1])


def test_no_compiled_function_calls_one_of_another_file() -> None:
    """numba's cache is keyed by the caller's own file and would go on serving an edited callee's old code."""
    kernels = 0
    for module in (amplification, enumeration, halves, unrestricted, values, philox):
        for function in vars(module).values():
            if isinstance(function, Dispatcher):
                kernels += 1
                callees = [vars(module).get(name) for name in function.py_func.__code__.co_names]
                homes = {callee.py_func.__module__ for callee in callees if isinstance(callee, Dispatcher)}
                assert function.py_func.__module__ == module.__name__ and homes <= {module.__name__}, function
    assert kernels > 20


def test_validated_problems_do_not_copy_good_input() -> None:
    sets, targets = problems("uniform", 10, 4, 0)
    checked = checked_problems(sets, targets, 0.1, OBJECTIVES["smallest"], None)
    assert checked.base_sets is sets and checked.targets is targets


@pytest.mark.gpu
def test_cuda_gives_the_same_masks() -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("torch sees no GPU on this machine")
    sets, targets = problems("uniform", 2000, 16, 5)
    for objective in OBJECTIVES:
        cap = 4 if objective == "fixed_size" else None
        on_gpu = solve_subset_sums(sets, targets, 1e-3, objective, cap, device="cuda")
        assert on_gpu.masks.tolist() == solve_subset_sums(sets, targets, 1e-3, objective, cap).masks.tolist()
