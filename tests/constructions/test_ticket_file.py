"""Ticket files: round trips, sizes, and what happens to damaged and hostile ones."""

import json
import os
import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from constructions.ticket import Architecture, LayerRecord, Mask, Ticket, load_ticket
from constructions.ticket_file import read_ticket
from constructions.ticket_manifest import TicketFileError
from tests.constructions.forged_files import forge, mutate, write


def example(seed: int = 2**63 + 11) -> Ticket:
    """A looks-linear ticket with a bias, an empty row and a layer on the coarse grid."""
    records = (
        LayerRecord(3, 8, "leaky_relu(0.2)", scale=0.7, bias=True, paired_rows=True),
        LayerRecord(8, 300, "tanh", scale=2.0, paired_columns=True),
        LayerRecord(300, 2, "identity", law="grid24"),
    )
    rng = np.random.default_rng(4)
    masks = []
    for record in records:
        kept = rng.random((record.n_out, record.columns)) < 0.2
        kept[0] = False
        masks.append(Mask.from_positions(*np.nonzero(kept), kept.shape))
    return Ticket(seed, Architecture(records, ([-1.0, 0.1, 0.0], [1.0, 1 / 3, 0.0])), tuple(masks))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The example, saved."""
    example().save(tmp_path / "a.ticket", include_weights=True)
    return tmp_path / "a.ticket"


def same(one: Ticket, two: Ticket) -> bool:
    """Equal in every bit that a ticket consists of."""
    masks = zip(one.masks, two.masks, strict=True)
    return (
        one.seed == two.seed
        and one.architecture.layers == two.architecture.layers
        and all(np.array_equal(a, b) for a, b in zip(one.architecture.domain, two.architecture.domain, strict=True))
        and all(np.array_equal(a.indices, b.indices) and np.array_equal(a.indptr, b.indptr) for a, b in masks)
    )


@pytest.mark.parametrize("include_weights", [False, True])
def test_round_trip_is_exact(tmp_path: Path, include_weights: bool) -> None:
    ticket, file = example(), tmp_path / "b.ticket"
    ticket.save(file, include_weights)
    loaded = load_ticket(str(file))
    assert same(ticket, loaded) and same(ticket, Ticket.load(file))
    assert all(np.array_equal(a, b) for a, b in zip(ticket.weights, loaded.weights, strict=True))
    first = file.read_bytes()
    ticket.save(file, include_weights)
    assert file.read_bytes() == first
    assert os.listdir(tmp_path) == ["b.ticket"]


def test_the_comparison_of_tickets_sees_every_part() -> None:
    ticket = example()
    thinner = Mask(np.zeros(9, dtype=np.int64), np.zeros(0, dtype=np.int64), ticket.masks[0].shape)
    assert not same(ticket, example(seed=1))
    assert not same(ticket, Ticket(ticket.seed, ticket.architecture, (thinner, *ticket.masks[1:])))


def test_an_empty_mask_survives(tmp_path: Path) -> None:
    records = (LayerRecord(2, 3, "relu"),)
    ticket = Ticket(0, Architecture(records, ([0, 0], [1, 1])), (Mask.from_positions([], [], (3, 2)),))
    ticket.save(tmp_path / "c.ticket")
    assert same(load_ticket(tmp_path / "c.ticket"), ticket)


def test_types_are_the_smallest_that_fit(path: Path) -> None:
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    types = {name: entry["dtype"] for name, entry in header.items() if name != "__metadata__"}
    assert types["layer1.indices"] == types["layer1.indptr"] == "U8"
    assert (types["layer2.indices"], types["layer2.indptr"]) == ("U8", "U16")
    assert types["layer3.indices"] == "U16"
    assert types["layer1.weights"] == "F64"


def test_names_that_no_reader_would_accept_are_not_written(tmp_path: Path) -> None:
    records = (LayerRecord(2, 3, f"leaky_relu(1/{10**25 + 1})"),)
    ticket = Ticket(0, Architecture(records, ([0, 0], [1, 1])), (Mask.from_positions([], [], (3, 2)),))
    with pytest.raises(ValueError, match="cannot be written"):
        ticket.save(tmp_path / "c.ticket")
    assert not list(tmp_path.iterdir())


def test_a_failed_save_keeps_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("constructions.ticket_file.os.fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        example(seed=1).save(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


class Bomb:
    """Leaves a trace when unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.trace,)


def test_pickles_and_torch_archives_are_refused_unread(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(Bomb(trace)))
    torch.save({"w": torch.ones(2)}, tmp_path / "a.pt")
    for name in ("a.pkl", "a.pt"):
        with pytest.raises(TicketFileError, match="pickle"):
            load_ticket(tmp_path / name)
    assert not trace.exists()


def test_other_files_are_refused(tmp_path: Path, path: Path) -> None:
    cases = {"empty": b"", "short": b"12345678", "text": b"hello, this is not a ticket at all", "zeros": bytes(100)}
    cases["header bomb"] = (2**60).to_bytes(8, "little") + b"{" + bytes(64)
    cases["deep"] = (1000).to_bytes(8, "little") + b"{" + b"[" * 999
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TicketFileError):
            load_ticket(tmp_path / name)
    save_file({"x": np.ones(3)}, tmp_path / "other.safetensors")
    with pytest.raises(TicketFileError, match="not a ticket"):
        load_ticket(tmp_path / "other.safetensors")
    with pytest.raises(FileNotFoundError):
        load_ticket(tmp_path / "missing")
    with pytest.raises(TicketFileError, match="limit of 100"):
        read_ticket(path, max_bytes=100)


def _set(tensors: dict[str, np.ndarray], name: str, position: int, value: float) -> None:
    tensors[name] = tensors[name].copy()
    tensors[name][position] = value


FORGERIES: dict[str, tuple[Callable[[dict[str, Any], dict[str, np.ndarray]], Any], str]] = {
    "version": (lambda m, t: m.update(format_version=2), "format_version 2 is unknown"),
    "seed": (lambda m, t: m.update(seed=7), "layer 1, row 1: the checksum"),
    "negative seed": (lambda m, t: m.update(seed=-1), "seed -1"),
    "seed as text": (lambda m, t: m.update(seed="7"), "seed must be of type int"),
    "seed as bool": (lambda m, t: m.update(seed=True), "seed must be of type int"),
    "scale": (lambda m, t: m["layers"][1].update(scale=2.5), "layer 2, row 1: the checksum"),
    "zero scale": (lambda m, t: m["layers"][1].update(scale=0.0), "positive and finite"),
    "law": (lambda m, t: m["layers"][2].update(law="grid53"), "layer 3, row 1: the checksum"),
    "unpaired": (lambda m, t: m["layers"][0].update(paired_rows=False), "set both or none"),
    "width": (lambda m, t: m["layers"][2].update(n_out=3), "3 entries for 3 rows"),
    "huge width": (lambda m, t: m["layers"][2].update(n_out=10**15), "entries for 1000000000000000 rows"),
    "wrong chain": (lambda m, t: m["layers"][1].update(n_out=10**15), "make them equal"),
    "extra field": (lambda m, t: m.update(code="import os"), "expected the fields"),
    "extra layer field": (lambda m, t: m["layers"][0].update(code="1"), "expected the fields"),
    "activation": (lambda m, t: m["layers"][1].update(activation="rely"), "rely"),
    "activation code": (lambda m, t: m["layers"][1].update(activation="__import__('os')"), "not the name"),
    "activation bomb": (lambda m, t: m["layers"][1].update(activation="leaky_relu(1e999999999)"), "not the name"),
    "domain": (lambda m, t: m["domain"]["upper"].pop(), "3 inputs"),
    "domain of text": (lambda m, t: m["domain"].update(upper=["1"] * 3), "decimal numbers"),
    "domain inverted": (lambda m, t: m["domain"]["upper"].__setitem__(0, -2.0), "inverted"),
    "falling pointers": (lambda m, t: _set(t, "layer2.indptr", 5, 60000), "falls at row 5"),
    "late start": (lambda m, t: _set(t, "layer2.indptr", 0, 1), "must run from 0"),
    "column out of range": (lambda m, t: _set(t, "layer1.indices", 0, 200), "column 200 in row 1"),
    "unsorted": (lambda m, t: t.update({"layer3.indices": t["layer3.indices"][::-1].copy()}), "rise strictly"),
    "pointers as floats": (lambda m, t: t.update({"layer1.indptr": t["layer1.indptr"] * 1.0}), "U8 or U16"),
    "matrix": (lambda m, t: t.update({"layer1.indices": t["layer1.indices"][:, None]}), "must be a vector"),
    "missing tensor": (lambda m, t: t.pop("layer1.row_crc32"), "the manifest names"),
    "extra tensor": (lambda m, t: t.update(extra=np.ones(2)), "the manifest names"),
    "stored weight": (lambda m, t: _set(t, "layer2.weights", 3, 0.25), "layer 2, row .*, column .*stored weight"),
    "fewer weights": (lambda m, t: t.update({"layer2.weights": t["layer2.weights"][:-1].copy()}), "stored weight"),
    "checksum": (lambda m, t: _set(t, "layer2.row_crc32", 3, 1), "layer 2, row 5: the checksum 1 "),
    "fewer checksums": (lambda m, t: t.update({"layer2.row_crc32": t["layer2.row_crc32"][1:].copy()}), "checksums for"),
}


@pytest.mark.parametrize("case", FORGERIES)
def test_forged_files_are_refused_and_say_where(case: str, path: Path, tmp_path: Path) -> None:
    change, message = FORGERIES[case]
    forged = forge(path, tmp_path / "forged", lambda manifest, tensors: change(manifest, tensors))
    tracemalloc.start()
    with pytest.raises(TicketFileError, match=message):
        load_ticket(forged)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6


def test_digests_that_do_not_fit_are_named(path: Path) -> None:
    """The domain is covered by no row checksum, the row checksums by nothing but their digest."""
    content = path.read_bytes()
    path.write_bytes(content.replace(b"0.3333333333333333", b"0.3333333333333334"))
    with pytest.raises(TicketFileError, match="it was changed"):
        load_ticket(path)
    place = content.index(example().weights[1].tobytes())
    path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    with pytest.raises(TicketFileError, match=r"tensor layer2\.weights has sha256"):
        load_ticket(path)


def test_an_unchanged_forgery_still_loads(path: Path, tmp_path: Path) -> None:
    assert same(load_ticket(forge(path, tmp_path / "forged", lambda manifest, tensors: None)), example())


MANIFESTS = {
    "no JSON": ("{", "does not describe"),
    "list": ("[]", "found list"),
    "nested": ("[" * 100000, "does not describe"),
    "huge integer": ('{"seed": 1' + "0" * 10000 + "}", "does not describe"),
    "not a number": ('{"seed": NaN}', "NaN"),
    "repeated key": ('{"seed": 1, "seed": 2}', "repeats a key"),
}


@pytest.mark.parametrize("case", MANIFESTS)
def test_malformed_manifests_are_refused(case: str, tmp_path: Path) -> None:
    text, message = MANIFESTS[case]
    with pytest.raises(TicketFileError, match=message):
        load_ticket(write(tmp_path / "m", text, {"layer1.indptr": np.zeros(2, dtype=np.uint8)}))


def test_three_hundred_mutations_never_crash_and_never_change_a_ticket(path: Path, tmp_path: Path) -> None:
    original, content, refused = example(), path.read_bytes(), 0
    for seed in range(300):
        file = tmp_path / "mutated"
        file.write_bytes(mutate(content, seed))
        try:
            assert same(load_ticket(file), original), f"seed {seed} changed the ticket silently"
        except TicketFileError:
            refused += 1
    assert refused >= 290
