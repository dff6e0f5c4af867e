"""SipHash-1-3 with a key of zeros: by it the engine names sockets whose own path would be too long."""

from __future__ import annotations

_MASK = (1 << 64) - 1


def _rotate(value: int, by: int) -> int:
    return ((value << by) | (value >> (64 - by))) & _MASK


class _State:
    def __init__(self) -> None:
        # The constants of the algorithm, with a key of zeros.
        self.v = [0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573]

    def round(self) -> None:
        a, b, c, d = self.v
        a = (a + b) & _MASK
        b = _rotate(b, 13) ^ a
        a = _rotate(a, 32)
        c = (c + d) & _MASK
        d = _rotate(d, 16) ^ c
        a = (a + d) & _MASK
        d = _rotate(d, 21) ^ a
        c = (c + b) & _MASK
        b = _rotate(b, 17) ^ c
        c = _rotate(c, 32)
        self.v = [a, b, c, d]


def siphash13(data: bytes) -> int:
    """The hash of ``data``, 64 bits."""
    state = _State()
    whole = len(data) - len(data) % 8
    for start in range(0, whole, 8):
        word = int.from_bytes(data[start : start + 8], "little")
        state.v[3] ^= word
        state.round()
        state.v[0] ^= word
    last = ((len(data) & 0xFF) << 56) | int.from_bytes(data[whole:], "little")
    state.v[3] ^= last
    state.round()
    state.v[0] ^= last
    state.v[2] ^= 0xFF
    for _ in range(3):
        state.round()
    return state.v[0] ^ state.v[1] ^ state.v[2] ^ state.v[3]


def hash_of_bytes(data: bytes) -> int:
    """As the engine hashes a slice of bytes: its length first."""
    return siphash13(len(data).to_bytes(8, "little") + data)
