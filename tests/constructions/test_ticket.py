"""Masks, architecture records, source weights and the evaluation of tickets."""

import numpy as np
import pytest
import torch

from constructions import philox
from constructions.source import source_weights
from constructions.sparse_network import SparseNetwork
from constructions.ticket import Architecture, LayerRecord, Mask, Ticket


def paired_records(activation: str = "tanh") -> tuple[LayerRecord, ...]:
    """A looks-linear layer with biases, the layer on top of it, and a plain one on the coarse grid."""
    return (
        LayerRecord(4, 20, activation, bias=True, paired_rows=True),
        LayerRecord(20, 12, activation, scale=2.0, paired_columns=True),
        LayerRecord(12, 3, "identity", scale=0.5, law="grid24"),
    )


def random_ticket(density: float = 0.3, seed: int = 5, activation: str = "tanh") -> Ticket:
    """A ticket with random masks."""
    rng = np.random.default_rng(0)
    records = paired_records(activation)
    masks = []
    for record in records:
        rows, columns = np.nonzero(rng.random((record.n_out, record.columns)) < density)
        masks.append(Mask.from_positions(rows, columns, (record.n_out, record.columns)))
    return Ticket(seed, Architecture(records, (-np.ones(4), np.ones(4))), tuple(masks))


def dense_layers(ticket: Ticket) -> list[np.ndarray]:
    """The whole source, drawn position by position from the documented formula, times the dense mask."""
    layers = []
    for index, (record, mask) in enumerate(zip(ticket.architecture.layers, ticket.masks, strict=True), start=1):
        dense = np.zeros(mask.shape)
        for row, column in zip(mask.rows.tolist(), mask.indices.tolist(), strict=True):
            inner = record.paired_columns and column < record.n_in
            base = (row // 2 if record.paired_rows else row), (column // 2 if inner else column)
            sign = (-1) ** ((row % 2 if record.paired_rows else 0) + (column % 2 if inner else 0))
            unit = philox.uniform(ticket.seed, index, base[0], base[1], law=record.law)
            dense[row, column] = record.scale * sign * float(unit)
        layers.append(dense)
    return layers


def test_weights_follow_the_documented_formula() -> None:
    ticket = random_ticket()
    for dense, mask, weights in zip(dense_layers(ticket), ticket.masks, ticket.weights, strict=True):
        assert np.array_equal(dense[mask.rows, mask.indices], weights)
        assert not weights.flags.writeable


def test_pairs_are_opposite_and_the_bias_goes_with_its_row() -> None:
    below, above, _ = paired_records()
    columns = np.arange(5)
    first, second = (source_weights(1, 1, below, row, columns) for row in (6, 7))
    assert np.array_equal(first, -second) and (first != 0).all()
    outgoing = source_weights(1, 2, above, 3, np.arange(20))
    assert np.array_equal(outgoing[0::2], -outgoing[1::2])


def test_a_bias_column_is_never_halved() -> None:
    record = LayerRecord(4, 2, "relu", bias=True, paired_columns=True)
    assert source_weights(1, 1, record, 1, 4) == float(philox.uniform(1, 1, 1, 4))
    assert source_weights(1, 1, record, 1, 3) == -float(philox.uniform(1, 1, 1, 1))


def test_weights_depend_on_every_coordinate_and_on_nothing_else() -> None:
    record = LayerRecord(8, 8, "relu")
    base = source_weights(1, 1, record, 2, 3)
    others = [source_weights(2, 1, record, 2, 3), source_weights(1, 2, record, 2, 3)]
    others += [source_weights(1, 1, record, 3, 2), source_weights(1, 1, record, 2, 4)]
    assert all(other != base for other in others)
    block = source_weights(1, 1, record, np.arange(8)[:, None], np.arange(8)[None, :])
    assert block[2, 3] == base
    assert source_weights(1, 1, LayerRecord(8, 8, "tanh", scale=4.0), 2, 3) == 4.0 * base


def test_positions_outside_the_layer_are_refused() -> None:
    record = LayerRecord(3, 4, "relu")
    with pytest.raises(ValueError, match=r"columns 3\.\.3 .* 0\.\.2"):
        source_weights(1, 1, record, 0, 3)
    with pytest.raises(ValueError, match="rows"):
        source_weights(1, 1, record, 4, 0)


@pytest.mark.parametrize("density", [0.0, 0.05, 0.3, 1.0])
def test_the_call_equals_a_dense_masked_forward_pass(density: float) -> None:
    ticket = random_ticket(density)
    inputs = np.random.default_rng(1).uniform(-1, 1, (40, 4))
    values = inputs.T
    for dense, record in zip(dense_layers(ticket), ticket.architecture.layers, strict=True):
        bias = dense[:, record.n_in :].sum(axis=1, keepdims=True)
        values = dense[:, : record.n_in] @ values + bias
        values = np.tanh(values) if record.activation == "tanh" else values
    assert np.abs(ticket(inputs) - values.T).max() < 1e-13
    outputs = ticket(torch.tensor(inputs))
    assert outputs.dtype == torch.float64
    assert np.abs(outputs.numpy() - values.T).max() < 1e-13


def test_torch_gradients_match_differences() -> None:
    ticket = random_ticket()
    inputs = torch.full((1, 4), 0.3, dtype=torch.float64, requires_grad=True)
    ticket(inputs).sum().backward()
    step = 1e-6
    shifted = 0.3 + step * np.eye(4)
    differences = (ticket(shifted).sum(axis=1) - ticket(np.full((1, 4), 0.3)).sum()) / step
    assert inputs.grad is not None
    assert np.abs(inputs.grad.numpy()[0] - differences).max() < 1e-4


def test_chunks_and_batches_do_not_change_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = random_ticket()
    inputs = np.random.default_rng(1).uniform(-1, 1, (50, 4))
    whole = ticket(inputs)
    monkeypatch.setattr("constructions.sparse_network.CHUNK_ENTRIES", 64)
    assert np.array_equal(ticket(inputs), whole)
    assert np.array_equal(np.concatenate([ticket(inputs[k : k + 1]) for k in range(50)]), whole)
    assert ticket(np.zeros((0, 4))).shape == (0, 3)


def test_neurons_no_output_depends_on_are_not_evaluated() -> None:
    records = (LayerRecord(2, 5, "relu"), LayerRecord(5, 1, "identity"))
    masks = Mask.from_positions([0, 3, 4], [0, 1, 0], (5, 2)), Mask.from_positions([0, 0], [3, 1], (1, 5))
    live = Ticket(1, Architecture(records, ([0, 0], [1, 1])), masks).live
    assert isinstance(live, SparseNetwork)
    assert [layer.neurons.tolist() for layer in live.layers] == [[1, 3], [0]]
    assert live.inputs.tolist() == [1]


def test_counts() -> None:
    ticket = random_ticket()
    assert ticket.parameter_count == sum(int((dense != 0).sum()) for dense in dense_layers(ticket))
    assert (ticket.depth, ticket.widths) == (3, (4, 20, 12, 3))
    for (matrix, bias), dense in zip(ticket.matrices(), dense_layers(ticket), strict=True):
        assert np.array_equal(matrix.toarray(), dense[:, : matrix.shape[1]])
        assert bias.shape == (matrix.shape[0],)


BAD_MASKS = {
    "falls": ([0, 2, 1, 2], [0, 1], "falls at row 1"),
    "starts late": ([1, 1, 1, 2], [0, 1], "must run from 0"),
    "ends early": ([0, 1, 1, 1], [0, 1], "number of indices"),
    "length": ([0, 2], [0, 1], "2 entries for 3 rows"),
    "range": ([0, 0, 1, 2], [0, 4], r"column 4 in row 2 must lie in 0\.\.3"),
    "negative": ([0, 0, 1, 2], [-1, 0], r"column -1 in row 1"),
    "unsorted": ([0, 0, 2, 2], [3, 1], "columns 3, 1 in row 1"),
    "twice": ([0, 0, 2, 2], [3, 3], "rise strictly"),
    "floats": ([0, 0, 2, 2], [0.0, 1.0], "integers"),
}


@pytest.mark.parametrize("case", BAD_MASKS)
def test_bad_masks_are_refused(case: str) -> None:
    indptr, indices, message = BAD_MASKS[case]
    with pytest.raises(ValueError, match=message):
        Mask(np.array(indptr), np.array(indices), (3, 4))


def test_masks_from_positions_in_any_order() -> None:
    mask = Mask.from_positions([2, 0, 2], [1, 3, 0], (3, 4))
    assert (mask.indptr.tolist(), mask.indices.tolist(), mask.rows.tolist()) == ([0, 1, 1, 3], [3, 0, 1], [0, 2, 2])
    with pytest.raises(ValueError, match="rise strictly"):
        Mask.from_positions([0, 0], [1, 1], (3, 4))
    with pytest.raises(ValueError, match="rows"):
        Mask.from_positions([3], [1], (3, 4))


BAD_RECORDS = {
    "width": (dict(n_out=0), "must be positive"),
    "scale": (dict(scale=0.0), "positive and finite"),
    "infinite scale": (dict(scale=float("inf")), "positive and finite"),
    "law": (dict(law="grid7"), "grid53, grid24"),
    "odd rows": (dict(n_out=3, paired_rows=True), "even width"),
    "odd columns": (dict(n_in=3, paired_columns=True), "even width"),
    "activation": (dict(activation="rely"), "rely"),
}


@pytest.mark.parametrize("case", BAD_RECORDS)
def test_bad_records_are_refused(case: str) -> None:
    change, message = BAD_RECORDS[case]
    with pytest.raises(ValueError, match=message):
        LayerRecord(**(dict(n_in=2, n_out=2, activation="relu") | change))  # type: ignore[arg-type]


BAD_ARCHITECTURES = {
    "none": ((), "at least one layer"),
    "chain": ((LayerRecord(2, 3, "relu"), LayerRecord(2, 1, "relu")), "make them equal"),
    "bias": ((LayerRecord(2, 3, "relu"), LayerRecord(3, 1, "relu", bias=True)), "only layer 1"),
    "flags": ((LayerRecord(2, 4, "relu", paired_rows=True), LayerRecord(4, 1, "relu")), "set both or none"),
    "outputs": ((LayerRecord(2, 4, "relu", paired_rows=True),), "not paired"),
    "inputs": ((LayerRecord(2, 4, "relu", paired_columns=True),), "not paired"),
}


@pytest.mark.parametrize("case", BAD_ARCHITECTURES)
def test_bad_architectures_are_refused(case: str) -> None:
    layers, message = BAD_ARCHITECTURES[case]
    with pytest.raises(ValueError, match=message):
        Architecture(layers, ([0.0, 0.0], [1.0, 1.0]))


def test_architectures_of_another_version_or_domain_are_refused() -> None:
    layers = (LayerRecord(2, 1, "relu"),)
    with pytest.raises(ValueError, match="format_version=2"):
        Architecture(layers, ([0.0, 0.0], [1.0, 1.0]), format_version=2)
    with pytest.raises(ValueError, match="2 inputs"):
        Architecture(layers, ([0.0], [1.0]))


def test_parts_that_do_not_fit_are_refused() -> None:
    ticket = random_ticket()
    for seed in (-1, 2**64, True, 1.5):
        with pytest.raises(ValueError, match="seed"):
            Ticket(seed, ticket.architecture, ticket.masks)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="2 masks for 3 layers"):
        Ticket(1, ticket.architecture, ticket.masks[:2])
    without_bias = Mask.from_positions([], [], (20, 4))
    with pytest.raises(ValueError, match="bias is one more column"):
        Ticket(1, ticket.architecture, (without_bias, *ticket.masks[1:]))


def test_inputs_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(batch, 4\)"):
        random_ticket()(np.zeros(4))
    with pytest.raises(ValueError, match=r"\(batch, 4\)"):
        random_ticket()(torch.zeros((1, 5)))
