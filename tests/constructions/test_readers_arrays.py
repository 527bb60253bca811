"""NPZ and safetensors targets, torch modules, domains, and the formats that are refused."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import nn

from constructions.readers.chain import TargetFileError
from constructions.readers.load import load_target
from constructions.target import TargetNetwork

W0, B0, W1 = np.array([[1.0, -2.0], [0.5, 0.25], [0.0, 3.0]]), np.array([0.1, 0.2, 0.3]), np.array([[1.0, 2.0, -1.0]])
BOX = ([-1.0, 0.0], [1.0, 2.0])
INPUTS = np.random.default_rng(0).uniform(-1, 1, (20, 2))


def expected(hidden: Any = lambda v: np.maximum(v, 0)) -> np.ndarray:
    """The outputs of the example."""
    return hidden(INPUTS @ W0.T + B0) @ W1.T


def test_npz_with_everything(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", W0=W0, b0=B0, W1=W1, activations=["tanh", "linear"], box_lo=BOX[0], box_hi=BOX[1])
    target = load_target(tmp_path / "t.npz")
    assert np.abs(target(INPUTS) - expected(np.tanh)).max() < 1e-15
    assert target.activations == ("tanh", "identity")
    assert [side.tolist() for side in target.domain] == list(BOX)


def test_npz_with_one_hidden_activation_and_without_any(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", W0=W0.astype(np.float32), b0=B0, W1=W1, activation="sigmoid")
    assert load_target(tmp_path / "t.npz", BOX).activations == ("sigmoid", "identity")
    np.savez(tmp_path / "t.npz", W0=W0, b0=B0, W1=W1)
    target = load_target(tmp_path / "t.npz", BOX)
    assert target.activations == ("relu", "identity")
    assert np.abs(target(INPUTS) - expected()).max() < 1e-15


def test_the_argument_beats_the_file_and_the_file_beats_the_record(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    path.with_suffix(".json").write_text('{"input_box": {"lo": [-3, -3], "hi": [3, 3]}}')
    np.savez(path, W0=W0)
    assert load_target(path).domain[0].tolist() == [-3.0, -3.0]
    np.savez(path, W0=W0, box_lo=BOX[0], box_hi=BOX[1])
    assert load_target(path).domain[0].tolist() == BOX[0]
    assert load_target(path, ([0, 0], [1, 1])).domain[0].tolist() == [0.0, 0.0]


def test_a_uniform_box_holds_for_all_inputs(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", W0=W0)
    (tmp_path / "t.json").write_text('{"input_box": {"lo": [0.0], "hi": [1.0], "uniform": true}}')
    assert load_target(tmp_path / "t.npz").domain[1].tolist() == [1.0, 1.0]
    (tmp_path / "t.json").write_text('{"input_box": {"lo": [0.0], "hi": [1.0]}}')
    with pytest.raises(TargetFileError, match="2 inputs"):
        load_target(tmp_path / "t.npz")


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"input_box": 3}', '{"input_box": {"lo": [0, 0]}}', '{"box": []}', "[" * 9999]
)
def test_unusable_records_are_refused(text: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", W0=W0)
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(TargetFileError, match="no usable domain"):
        load_target(tmp_path / "t.npz")


def test_no_domain_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", W0=W0)
    with pytest.raises(TargetFileError, match=r"pass domain=\(lower, upper\) or write an input_box into t.json"):
        load_target(tmp_path / "t.npz")


BAD_ARRAYS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": (dict(b0=B0), r"missing \['W0'\]"),
    "gap": (dict(W0=W0, W2=W1), r"missing \['W1'\]"),
    "unexpected": (dict(W0=W0, weight=W1), r"unexpected \['weight'\]"),
    "half a box": (dict(W0=W0, box_lo=BOX[0]), "box_lo only"),
    "objects": (dict(W0=np.array([None, 1], dtype=object)), "plain arrays"),
    "numbers as names": (dict(W0=W0, activations=[1, 2]), "must be text"),
    "too few names": (dict(W0=W0, W1=W1, activations=["relu"]), "one name per layer"),
    "transposed": (dict(W0=W0.T, W1=W1), "3 neurons|2 neurons"),
    "nan": (dict(W0=W0 * np.nan), "must be finite"),
    "text": (dict(W0=np.array([["a"]])), "must be real"),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_npz_files_are_refused(case: str, tmp_path: Path) -> None:
    arrays, message = BAD_ARRAYS[case]
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(TargetFileError, match=message):
        load_target(tmp_path / "t.npz", BOX)


class Bomb:
    """Leaves a trace when unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (self.trace,)


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    np.savez(tmp_path / "o.npz", W0=np.array([[Bomb(trace)]], dtype=object))
    for name in ("a.pkl", "a.pt", "a.pth", "a.npz", "a.onnx", "a.safetensors"):
        (tmp_path / name).write_bytes(pickle.dumps(Bomb(trace)))
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(TargetFileError):
            load_target(path, BOX)
    assert not trace.exists()


def test_archives_that_unpack_to_too_much_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "t.npz", W0=np.zeros((300, 300)))
    monkeypatch.setattr("constructions.readers.npz.MAX_UNPACKED_BYTES", 10**5)
    with pytest.raises(TargetFileError, match="unpacks to 720"):
        load_target(tmp_path / "t.npz", BOX)


def test_unknown_formats_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(TargetFileError, match=r"\.onnx, \.npz, \.safetensors"):
        load_target(tmp_path / "t.h5", BOX)
    with pytest.raises(FileNotFoundError):
        load_target(tmp_path / "t.npz", BOX)


def test_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "t.safetensors"
    arrays = dict(W0=W0, b0=B0, W1=W1, box_lo=np.array(BOX[0]), box_hi=np.array(BOX[1]))
    save_file(arrays, path, metadata={"activations": json.dumps(["tanh", "linear"])})
    assert np.abs(load_target(path)(INPUTS) - expected(np.tanh)).max() < 1e-15
    save_file(dict(W0=W0.astype(np.float32), W1=W1), path, metadata={"activation": "sigmoid"})
    assert load_target(path, BOX).activations == ("sigmoid", "identity")
    for text in ("relu", "3", '["relu", 3]'):
        save_file(dict(W0=W0), path, metadata={"activations": text})
        with pytest.raises(TargetFileError, match="JSON list"):
            load_target(path, BOX)
    save_file(dict(W0=W0.astype(np.int64)), path)
    with pytest.raises(TargetFileError, match="I64"):
        load_target(path, BOX)


ACTIVATIONS = [nn.ReLU(), nn.LeakyReLU(0.2), nn.Tanh(), nn.Sigmoid()]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_torch_sequential(activation: nn.Module) -> None:
    inner = nn.Sequential(nn.Linear(2, 3), activation, nn.Dropout(0.5))
    module = nn.Sequential(nn.Flatten(), inner, nn.Identity(), nn.Linear(3, 2, bias=False)).eval()
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -1.0, 1.0, generator=torch.Generator().manual_seed(0))
    target = TargetNetwork.from_torch(module, BOX)
    outputs = module(torch.tensor(INPUTS, dtype=torch.float32)).detach().numpy()
    assert np.abs(target(INPUTS) - outputs).max() < 1e-6
    assert np.abs(target(torch.tensor(INPUTS)).numpy() - target(INPUTS)).max() < 1e-14
    inner[0].weight.data.zero_()
    assert np.count_nonzero(target.weights[0]) == 6


def test_torch_keeps_consecutive_layers_and_cuts_a_softmax_off() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2), nn.Softmax(dim=1))
    target = TargetNetwork.from_torch(module, BOX)
    assert (target.activations, target.output_head) == (("identity", "identity"), "softmax")
    probabilities = module(torch.tensor(INPUTS, dtype=torch.float32)).detach().numpy()
    expected_ones = np.exp(target(INPUTS)) / np.exp(target(INPUTS)).sum(axis=1, keepdims=True)
    assert np.abs(expected_ones - probabilities).max() < 1e-6


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), r"module 1 \(BatchNorm1d\)"),
        (nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.GELU())), r"module 1\.0 \(GELU\)"),
        (nn.Sequential(nn.Softmax(1), nn.Linear(2, 2)), r"module 0 \(Softmax\)"),
        (nn.Sequential(nn.ReLU()), "no Linear layer"),
        (nn.Sequential(nn.Flatten(0), nn.Linear(2, 2)), "batch axis"),
        (nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 2)), "do not fit 3 inputs"),
    ],
)
def test_other_torch_modules_are_refused_by_name(module: nn.Module, message: str) -> None:
    with pytest.raises(TargetFileError, match=message):
        TargetNetwork.from_torch(module, BOX)


def test_a_module_that_only_looks_like_a_layer_is_refused() -> None:
    class ReLU(nn.Module):
        """Not torch's."""

    with pytest.raises(TargetFileError, match="not supported"):
        TargetNetwork.from_torch(nn.Sequential(nn.Linear(2, 2), ReLU()), BOX)


@pytest.mark.data
def test_a_real_npz_gives_its_reference_outputs(shared_dir: Path) -> None:
    path = shared_dir / "data" / "targets" / "slt_paper_fc2_500.npz"
    record = json.loads(path.with_suffix(".json").read_text())
    target = load_target(path)
    assert list(target.widths) == record["architecture"]
    outputs = target([pair["input"] for pair in record["reference"]])
    assert np.abs(outputs - [pair["output"] for pair in record["reference"]]).max() < 2e-6
