"""Target networks from NPZ files."""

from __future__ import annotations

import zipfile
from os import PathLike

import numpy as np

from constructions.readers.arrays import network_from_arrays
from constructions.readers.chain import RawNetwork, TargetFileError

MAX_UNPACKED_BYTES = 2**33


def read_npz(path: str | PathLike[str]) -> RawNetwork:
    """Read ``W0, b0, W1, ...`` and optionally ``activation``, ``activations``, ``box_lo``, ``box_hi`` from an
    NPZ file.

    Object arrays are refused, as unpickling runs code; so are archives that unpack to more than 8 GiB. Raises
    ``TargetFileError``; the layout is that of :func:`constructions.readers.arrays.network_from_arrays`.
    """
    arrays = _load(path)
    activations = _text(arrays.pop("activations", None), "activations")
    activation = _text(arrays.pop("activation", None), "activation")
    return network_from_arrays(arrays, activations, activation[0] if activation else None)


def _load(path: str | PathLike[str]) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise TargetFileError(f"{path}: unpacks to {unpacked} bytes, the limit is {MAX_UNPACKED_BYTES}")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except TargetFileError:
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, EOFError, NotImplementedError) as error:
        raise TargetFileError(
            f"{path}: not an NPZ file of plain arrays ({error}); write it with numpy.savez"
        ) from error


def _text(values: np.ndarray | None, name: str) -> list[str] | None:
    if values is None:
        return None
    if values.dtype.kind != "U" or values.ndim > 1:
        raise TargetFileError(f"{name} must be text, is an array of {values.dtype} with shape {values.shape}")
    return [str(value) for value in np.atleast_1d(values)]
