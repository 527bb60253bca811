"""The verifier: it accepts what is right, refuses every change and says where, and shares nothing with the builder."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import constructions
from constructions import philox
from constructions.target import TargetNetwork
from constructions.ticket import Architecture, LayerRecord, Mask, Ticket
from constructions.verifier import philox as verify_philox
from constructions.verify import Verification, verify_ticket
from tests.constructions.forged_files import forge, mutate
from tests.constructions.small_tickets import one_layer_more, small_target, two_layers_for_one

BUILDS = {"2L": two_layers_for_one, "L+1": one_layer_more}
SCALES = {"relu": 1.0, "tanh": 2.0**-6}
CASES = [(build, phi) for build in BUILDS for phi in SCALES]


def failed(verification: Verification) -> dict[str, str]:
    """Names of the failed checks with the place each one gives."""
    return {check.name: check.where for check in verification.checks if not check.ok}


def example() -> Ticket:
    """A two-layer tanh ticket of a random target."""
    return two_layers_for_one(small_target("tanh", widths=(3, 2)), "tanh", scale=2.0**-6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The example, saved with its weights."""
    example().save(tmp_path / "a.ticket", include_weights=True)
    return tmp_path / "a.ticket"


@pytest.mark.parametrize(("build", "phi"), CASES)
def test_built_tickets_verify_and_the_certificate_holds(build: str, phi: str, tmp_path: Path) -> None:
    target = small_target(phi)
    ticket = BUILDS[build](target, phi, scale=SCALES[phi])
    inputs = np.random.default_rng(0).uniform(-1, 1, (5000, 3))
    inputs = np.vstack([inputs, np.sign(inputs[:50])])
    witness = float(np.abs(ticket(inputs) - target(inputs)).max())
    verification = verify_ticket(ticket, target, tolerance=10.0)
    assert verification.ok, str(verification)
    assert verification.error is not None
    assert witness <= verification.error <= 12 * witness
    ticket.save(tmp_path / "t")
    assert verify_ticket(tmp_path / "t", target).error == verification.error
    names = [check.name for check in verify_ticket(str(tmp_path / "t"), target).checks]
    assert names == ["manifest", "digests", "record", "mask", "checksums", "weights", "domain", "error"]


def test_the_tolerance_decides() -> None:
    target = small_target("tanh", widths=(3, 2))
    error = verify_ticket(example(), target).error
    assert error is not None
    assert verify_ticket(example(), target, tolerance=error).ok
    refused = verify_ticket(example(), target, tolerance=error * 0.999)
    assert list(failed(refused)) == ["error"] and failed(refused)["error"].startswith("output")
    for tolerance in (0.0, float("nan")):
        with pytest.raises(ValueError, match="must be positive"):
            verify_ticket(example(), target, tolerance=tolerance)
    with pytest.raises(ValueError, match="needs a target"):
        verify_ticket(example(), tolerance=0.1)


def test_another_target_is_noticed() -> None:
    other = small_target("tanh", widths=(3, 2), seed=9)
    assert list(failed(verify_ticket(example(), other, tolerance=0.2))) == ["error"]
    assert failed(verify_ticket(example(), small_target("tanh", widths=(4, 2)))) == {"domain": "widths"}
    wider = TargetNetwork(other.weights, other.biases, other.activations, ([-1, -1, -1], [1, 2, 1]))
    assert failed(verify_ticket(example(), wider)) == {"domain": "input 1"}


def test_what_is_no_ticket_is_a_misuse() -> None:
    with pytest.raises(TypeError, match="pass a path or a Ticket"):
        verify_ticket(3)
    with pytest.raises(FileNotFoundError):
        verify_ticket("no/such/file")


def test_a_changed_weight_in_memory_is_located() -> None:
    ticket = example()
    weights = ticket.weights[1].copy()
    weights[5] = np.nextafter(weights[5], 1.0)
    ticket.__dict__["weights"] = (ticket.weights[0], weights)
    mask = ticket.masks[1]
    places = failed(verify_ticket(ticket))
    assert places["weights"] == f"layer 2, row {mask.rows[5]}, column {mask.indices[5]}"


def test_a_changed_seed_in_memory_is_noticed() -> None:
    ticket = example()
    assert ticket.weights
    object.__setattr__(ticket, "seed", ticket.seed + 1)
    assert failed(verify_ticket(ticket))["weights"].startswith("layer 1, row 0")


def test_a_changed_mask_in_memory_is_noticed_by_the_weights_or_the_call() -> None:
    ticket = example()
    assert ticket.live
    rows, columns = ticket.masks[1].rows[1:], ticket.masks[1].indices[1:]
    object.__setattr__(ticket, "masks", (ticket.masks[0], Mask.from_positions(rows, columns, ticket.masks[1].shape)))
    assert failed(verify_ticket(ticket)) == {"weights": "layer 2", "forward": "output 0"}
    fresh = Ticket(ticket.seed, ticket.architecture, ticket.masks)
    target = small_target("tanh", widths=(3, 2))
    before = verify_ticket(example(), target).error
    assert verify_ticket(fresh).ok
    assert list(failed(verify_ticket(fresh, target, tolerance=before))) == ["error"]


def test_a_wrong_call_is_noticed() -> None:
    class Liar(Ticket):
        def __call__(self, inputs: Any) -> Any:
            return super().__call__(inputs) * (1 + 1e-9)

    ticket = example()
    assert failed(verify_ticket(Liar(ticket.seed, ticket.architecture, ticket.masks))) == {"forward": "output 0"}


def _drop(tensors: dict[str, np.ndarray], position: int, with_weights: bool) -> None:
    pointers = tensors["layer2.indptr"].astype(np.int64)
    pointers[pointers > position] -= 1
    tensors["layer2.indptr"] = pointers.astype(tensors["layer2.indptr"].dtype)
    tensors["layer2.indices"] = np.delete(tensors["layer2.indices"], position)
    if with_weights:
        tensors["layer2.weights"] = np.delete(tensors["layer2.weights"], position)


def test_a_dropped_mask_bit_is_located(path: Path, tmp_path: Path) -> None:
    mask = example().masks[1]
    position = int(mask.indptr[1]) + 1
    forged = forge(path, tmp_path / "f", lambda m, t: _drop(t, position, True))
    assert failed(verify_ticket(forged)) == {"checksums": f"layer 2, row 1, column {mask.indices[position]}"}
    forged = forge(path, tmp_path / "f", lambda m, t: _drop(t, position, False))
    assert set(failed(verify_ticket(forged))) == {"checksums", "weights"}


def test_an_added_and_a_moved_mask_bit_are_located(path: Path, tmp_path: Path) -> None:
    mask = example().masks[1]
    kept = mask.indices[mask.indptr[1] : mask.indptr[2]].tolist()
    absent = next(column for column in range(kept[0] + 1, mask.shape[1]) if column not in kept)
    for replaced, what in (([kept[0]], f"instead of column {kept[0]}"), ([], "which was pruned")):

        def change(manifest: dict[str, Any], tensors: dict[str, np.ndarray], gone: list[int] = replaced) -> None:
            row = sorted({*kept, absent} - set(gone))
            start, stop = (int(p) for p in mask.indptr[1:3])
            indices = [*mask.indices[:start].tolist(), *row, *mask.indices[stop:].tolist()]
            pointers = np.concatenate([mask.indptr[:2], mask.indptr[2:] + len(row) - len(kept)])
            tensors["layer2.indices"] = np.array(indices, dtype=np.uint8)
            tensors["layer2.indptr"] = pointers.astype(np.uint8)
            for index in (1, 2):
                del tensors[f"layer{index}.weights"]

        verification = verify_ticket(forge(path, tmp_path / "f", change))
        assert failed(verification) == {"checksums": f"layer 2, row 1, column {absent}"}
        assert what in str(verification)


FORGERIES: dict[str, tuple[Any, dict[str, str]]] = {
    # the first row of layer 2 keeps column 1 first
    "seed": (lambda m, t: m.update(seed=2), {"checksums": "seed", "weights": "layer 1, row 0, column 0"}),
    "scale": (
        lambda m, t: m["layers"][1].update(scale=3.0),
        {"checksums": "layer 2, row 0", "weights": "layer 2, row 0, column 1"},
    ),
    "weight": (lambda m, t: t["layer2.weights"].__setitem__(0, 0.5), {"weights": "layer 2, row 0, column 1"}),
    "law": (lambda m, t: m["layers"][0].update(law="grid7"), {"record": "layer 1"}),
    "width": (lambda m, t: m["layers"][1].update(n_out=3), {"mask": "layer 2"}),
    "columns": (lambda m, t: t["layer2.indices"].__setitem__(1, 0), {"mask": "layer 2, row 0"}),
    "column twice": (lambda m, t: t["layer2.indices"].__setitem__(1, 1), {"mask": "layer 2, row 0"}),
    "column range": (lambda m, t: t["layer1.indices"].__setitem__(7, 200), {"mask": "layer 1, row 7"}),
    "pointers": (lambda m, t: t["layer1.indptr"].__setitem__(3, 250), {"mask": "layer 1, row 2"}),
    "flags": (lambda m, t: m["layers"][0].update(paired_rows=True), {"record": "layers 1 and 2"}),
    "bias": (lambda m, t: m["layers"][1].update(bias=True), {"record": "layer 2"}),
    "activation": (lambda m, t: m["layers"][1].update(activation="f(1e999999999)"), {"record": "layer 2"}),
    "domain": (lambda m, t: m["domain"]["lower"].__setitem__(0, 2.0), {"record": "domain"}),
    "negative seed": (lambda m, t: m.update(seed=-2), {"record": "seed"}),
    "checksum": (lambda m, t: t["layer1.row_crc32"].__setitem__(4, 1), {"checksums": "layer 1, row 4"}),
    "tensor": (lambda m, t: t.pop("layer1.row_crc32"), {"manifest": "manifest"}),
    "record": (lambda m, t: m["layers"][0].pop("law"), {"manifest": "layer 1"}),
}


@pytest.mark.parametrize("case", FORGERIES)
def test_forgeries_with_fitting_digests_are_located(case: str, path: Path, tmp_path: Path) -> None:
    change, places = FORGERIES[case]

    def writable(manifest: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        tensors.update({name: tensor.copy() for name, tensor in tensors.items()})
        change(manifest, tensors)

    assert failed(verify_ticket(forge(path, tmp_path / "f", writable))) == places


def test_a_flipped_bit_is_located_even_without_new_digests(path: Path) -> None:
    content = bytearray(path.read_bytes())
    weights = example().weights[1].tobytes()
    place = bytes(content).index(weights)
    content[place + 3] ^= 1
    path.write_bytes(content)
    assert failed(verify_ticket(path)) == {"digests": "tensor layer2.weights", "weights": "layer 2, row 0, column 1"}


def test_a_changed_domain_is_noticed(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"lower\\":[-1.0,', b'"lower\\":[-1.5,'))
    assert failed(verify_ticket(path)) == {"manifest": "manifest"}


def test_three_hundred_mutations_are_refused_without_a_crash(path: Path) -> None:
    content, accepted = path.read_bytes(), 0
    for seed in range(300):
        path.write_bytes(mutate(content, seed))
        accepted += verify_ticket(path).ok
    assert accepted <= 2  # a copied piece or a flipped bit in the padding of the header may change nothing


def test_the_verifier_imports_nothing_of_the_builder() -> None:
    """Walks the import statements of verify.py and of everything in this package that it imports."""
    folder = Path(constructions.__file__).parent
    seen, waiting = set(), ["verify"]
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for node in ast.walk(ast.parse((folder / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert "constructions" not in modules, f"{name} imports the package itself"
            own = [module.removeprefix("constructions.") for module in modules if module.startswith("constructions.")]
            waiting += [name for name in own if name not in seen]
    assert all(name == "verify" or name.startswith("verifier.") for name in seen), seen
    assert len(seen) >= 6


def test_own_philox_gives_the_published_answers() -> None:
    """Known answers of Random123 (Salmon et al. 2011) for philox4x32-10."""
    ones = 0xFFFFFFFF
    digits = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)
    cases = {
        ((0,) * 4, (0, 0)): "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        ((ones,) * 4, (ones, ones)): "408f276d 41c83b0e a20bc7c6 6d5451fd",
        (digits[:4], digits[4:]): "d16cfe09 94fdcceb 5001e420 24126ea1",
    }
    for (counter, key), expected in cases.items():
        c0, c1, c2, c3 = (np.array([word], dtype=np.uint64) for word in counter)
        assert " ".join(f"{int(word[0]):08x}" for word in verify_philox.philox((c0, c1, c2, c3), key)) == expected


@pytest.mark.parametrize("law", ["grid53", "grid24"])
def test_own_philox_equals_the_builders(law: str) -> None:
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(0, 2**31, 500), rng.integers(0, 2**31, 500)
    for seed, layer in ((0, 1), (2**64 - 1, 9)):
        own = verify_philox.uniform(seed, layer, rows, columns, law)
        assert np.array_equal(own, philox.uniform(seed, layer, rows, columns, law=law))


def test_the_verification_prints_every_check(path: Path) -> None:
    text = str(verify_ticket(path))
    assert text.count("ok  ") == 6 and "FAIL" not in text
    other = dataclasses.replace(example(), seed=3)
    assert "FAIL error at output" in str(verify_ticket(other, small_target("tanh", widths=(3, 2)), 1e-9))


def test_architecture_pairs_verify() -> None:
    """A looks-linear record: own signs of rows, columns and the bias."""
    records = (
        LayerRecord(2, 6, "tanh", bias=True, paired_rows=True),
        LayerRecord(6, 2, "identity", paired_columns=True),
    )
    masks = tuple(Mask.from_positions(*np.nonzero(np.ones(shape)), shape) for shape in ((6, 3), (2, 6)))
    ticket = Ticket(5, Architecture(records, ([-1, -1], [1, 1])), masks)
    assert verify_ticket(ticket).ok
