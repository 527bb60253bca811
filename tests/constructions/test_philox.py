"""The generator of the source network: published vectors, three implementations, exact grids, bad input."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from constructions import philox

# Random123's published known answers for philox4x32-10 (kat_vectors): counter, key, output.
KNOWN_ANSWERS = [
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


def plain_block(counter: list[int], key: list[int], rounds: int = 10) -> list[int]:
    """Philox4x32 in Python integers, straight from the paper's definition."""
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for _ in range(rounds):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 % 2**32, (p0 >> 32) ^ c3 ^ k1, p0 % 2**32
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return [c0, c1, c2, c3]


def plain_weight(seed: int, layer: int, row: int, column: int, law: str, stream: int = 0) -> Fraction:
    """A weight as an exact fraction, by the convention stated in the module."""
    per_block, bits = (2, 53) if law == "grid53" else (4, 24)
    words = plain_block([column // per_block, row, layer, stream], [seed % 2**32, seed // 2**32])
    if law == "grid53":
        share = 2 * (column % 2)
        k = (words[share] * 2**32 + words[share + 1]) >> 11
    else:
        k = words[column % 4] >> 8
    return Fraction(2 * k + 1, 2**bits) - 1


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_published_vectors(counter: list[int], key: list[int], words: list[int]) -> None:
    assert plain_block(counter, key) == words
    assert [int(w) for w in philox.block_numpy(counter, key)] == words
    assert [int(w) for w in philox.philox_block(*np.array(counter + key, np.uint64))] == words
    as_tensors = [torch.tensor(c) for c in counter]
    assert [int(w) for w in philox._block_torch(as_tensors, (key[0], key[1]))] == words
    assert plain_block(counter, key, rounds=9) != words


@given(
    seed=st.integers(0, 2**64 - 1),
    layer=st.integers(0, 2**32 - 1),
    row=st.integers(0, 2**32 - 1),
    column=st.integers(0, 2**33 - 1),
    law=st.sampled_from(sorted(philox.LAWS)),
    stream=st.sampled_from([0, 1, 2**32 - 1]),
)
def test_every_implementation_is_the_exact_weight(
    seed: int, layer: int, row: int, column: int, law: str, stream: int
) -> None:
    expected = plain_weight(seed, layer, row, column, law, stream)
    for function in (philox.uniform, philox.uniform_numpy, philox.uniform_torch):
        assert Fraction(float(function(seed, layer, row, column, law, stream))) == expected
    scalar = philox.grid53_weight if law == "grid53" else philox.grid24_weight
    words = np.array([seed % 2**32, seed // 2**32, stream, layer, row, column], np.uint64)
    assert Fraction(float(scalar(*words))) == expected


@pytest.mark.parametrize("law", sorted(philox.LAWS))
@pytest.mark.parametrize(
    ("row_shape", "column_shape"),
    [((), ()), ((5, 1), (7,)), ((3,), (3,)), ((2, 3, 4), (4,)), ((1,), (6, 1)), ((0,), ()), ((130, 1), (301,))],
)
def test_broadcasting_and_equal_bits(law: str, row_shape: tuple[int, ...], column_shape: tuple[int, ...]) -> None:
    generator = np.random.default_rng(5)
    rows, columns = generator.integers(0, 2**32, row_shape), generator.integers(0, 2**33, column_shape)
    compiled = philox.uniform(2**63 + 9, 4, rows, columns, law)
    plain = philox.uniform_numpy(2**63 + 9, 4, rows, columns, law)
    tensor = philox.uniform_torch(2**63 + 9, 4, rows, columns, law)
    assert compiled.shape == np.broadcast_shapes(row_shape, column_shape)
    assert compiled.tobytes() == plain.tobytes() == tensor.numpy().tobytes()


@pytest.mark.parametrize("law", sorted(philox.LAWS))
def test_positions_in_any_order(law: str) -> None:
    """A weight does not depend on what was asked before it: blocks are never reused for another position."""
    rows, columns = np.random.default_rng(3).integers(0, 3, 500), np.random.default_rng(4).integers(0, 9, 500)
    expected = philox.uniform_numpy(6, 1, np.arange(3)[:, None], np.arange(9), law)[rows, columns]
    assert philox.uniform(6, 1, rows, columns, law).tobytes() == expected.tobytes()


def test_each_part_of_the_position_matters() -> None:
    base: dict[str, Any] = {"seed": 1, "layer": 2, "rows": 3, "columns": 4, "stream": 0}
    reference = float(philox.uniform(**base))
    for name in base:
        assert float(philox.uniform(**{**base, name: base[name] + 1})) != reference
    assert float(philox.uniform(**{**base, "seed": 1 + 2**32})) != reference


@pytest.mark.parametrize("law", sorted(philox.LAWS))
def test_law_is_uniform(law: str) -> None:
    values = philox.uniform(11, 1, np.arange(400)[:, None], np.arange(500), law)
    assert len(np.unique(philox.uniform(11, 1, np.arange(50)[:, None], np.arange(50)))) == 2500
    assert np.abs(values).max() < 1
    counts, _ = np.histogram(values, bins=100, range=(-1, 1))
    chi_square = ((counts - 2000.0) ** 2 / 2000).sum()
    assert 50 < chi_square < 170  # 99 degrees of freedom
    assert abs(np.corrcoef(values[:, ::2].ravel(), values[:, 1::2].ravel())[0, 1]) < 0.012
    scaled = (values + 1) * 2.0 ** (philox.LAWS[law].bits - 1)
    if law == "grid24":
        assert (scaled % 1 == 0.5).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 0, 0, 0), "seed=-1 must be an integer"),
        ((2**64, 0, 0, 0), "seed=18446744073709551616"),
        ((True, 0, 0, 0), "seed=True"),
        ((0.5, 0, 0, 0), "seed=0.5"),
        ((0, 2**32, 0, 0), "layer=4294967296"),
        ((0, 0, 2**32, 0), "rows reaches from 4294967296"),
        ((0, 0, -1, 0), "rows reaches from -1"),
        ((0, 0, 0, 2**33), "columns reaches from 8589934592"),
        ((0, 0, 0, [0.5]), "columns has dtype"),
        ((0, 0, 0, 0, "grid12"), "law='grid12' is not known; choose one of grid53, grid24"),
    ],
)
@pytest.mark.parametrize("function", [philox.uniform, philox.uniform_numpy, philox.uniform_torch])
def test_bad_input(function: object, arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(*arguments)  # type: ignore[operator]
