"""Targets by name: ``digits:relu`` is trained, ``random:relu`` is drawn, everything else is a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constructions.readers.load import load_target
from constructions.target import TargetNetwork
from empirical.experiments.digits import accuracy, digits, digits_target
from empirical.experiments.random_targets import random_sparse_target

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class NamedTarget:
    """A target network with what else is known about it.

    ``inputs, labels``  test data of a classifier, else None.
    ``reference``       (inputs, outputs) that its source publishes, else None.
    """

    name: str
    network: TargetNetwork
    inputs: FloatArray | None = None
    labels: NDArray[np.int64] | None = None
    reference: tuple[FloatArray, FloatArray] | None = None

    def reference_deviation(self) -> float | None:
        """Largest difference between the network and its published reference outputs; None without any."""
        if self.reference is None:
            return None
        inputs, outputs = self.reference
        return float(np.max(np.abs(self.network(inputs) - outputs)))


def accuracy_on(target: NamedTarget, function: Any) -> float | None:
    """Test accuracy of a network's logits on the target's test data; None without labels."""
    if target.inputs is None or target.labels is None:
        return None
    return accuracy(function(target.inputs), target.labels)


def open_target(name: str, domain: tuple[FloatArray, FloatArray] | None = None) -> NamedTarget:
    """A built-in target or the path of an ONNX, NPZ or safetensors file.

    Built in: ``digits:ACTIVATION``, ``random:ACTIVATION`` and ``random:ACTIVATION:zero-biases``, all from seed 0.

    A file's domain is ``domain`` or what :func:`constructions.load_target` finds. Reference outputs are read from the
    JSON file of the same name beside it (``reference: [{input, output}]``).
    Raises ValueError naming the file and the field when something does not fit.
    """
    kind, _, rest = name.partition(":")
    if rest and kind in BUILT_IN:
        return BUILT_IN[kind](name, rest)
    path = Path(name)
    if not path.is_file():
        raise ValueError(f"target {name!r} is neither a file nor digits:ACTIVATION; check the path")
    network = load_target(path, domain)
    return NamedTarget(path.name, network, reference=_reference(path, _facts_beside(path), network))


def _digits(name: str, activation: str) -> NamedTarget:
    data = digits()
    return NamedTarget(name, digits_target(activation).network, data.test_inputs, data.test_labels)


def _random(name: str, rest: str) -> NamedTarget:
    activation, _, biases = rest.partition(":")
    if biases not in ("", "zero-biases"):
        raise ValueError(f"target {name!r}: after the activation only ':zero-biases' may follow, got {biases!r}")
    return NamedTarget(name, random_sparse_target(activation=activation, zero_biases=bool(biases)))


BUILT_IN: dict[str, Callable[[str, str], NamedTarget]] = {"digits": _digits, "random": _random}


def _facts_beside(path: Path) -> dict[str, Any]:
    """The JSON object in the file of the same name with the suffix .json, empty where there is none."""
    sidecar = path.with_suffix(".json")
    if not sidecar.is_file():
        return {}
    try:
        facts = json.loads(sidecar.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{sidecar}: not JSON ({error}); repair it or move it away") from error
    if not isinstance(facts, dict):
        raise ValueError(f"{sidecar}: holds a {type(facts).__name__}, needed an object; repair it or move it away")
    return facts


def _reference(path: Path, facts: dict[str, Any], network: TargetNetwork) -> tuple[FloatArray, FloatArray] | None:
    pairs = facts.get("reference")
    if not pairs:
        return None
    inputs = np.stack([_numbers(path, pair, "input") for pair in pairs])
    outputs = np.stack([_numbers(path, pair, "output") for pair in pairs])
    expected = (len(pairs), network.widths[0]), (len(pairs), network.widths[-1])
    if (inputs.shape, outputs.shape) != expected:
        raise ValueError(
            f"{path.with_suffix('.json')}: reference of shapes {inputs.shape} and {outputs.shape}, "
            f"the network has {expected}; repair the file"
        )
    return inputs, outputs


def _numbers(path: Path, mapping: Any, field: str) -> FloatArray:
    """A flat float64 array out of one field of the JSON beside ``path``."""
    try:
        return np.asarray(mapping[field], dtype=np.float64).reshape(-1)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path.with_suffix('.json')}: the field {field!r} must be a list of numbers; repair it or give a domain"
        ) from error
