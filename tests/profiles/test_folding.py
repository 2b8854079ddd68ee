"""What depends on no input of the network costs nothing where the runtime computes it once."""

from __future__ import annotations

from profiles.folding import folded
from profiles.fusion import fuse
from profiles.work import Op, Tensor

PARAMETER = Tensor(100, (64,), 64)
TABLE = Tensor(101, (64,), 64)
SCALED, IMAGE, OUT = Tensor(1, (64,), 64), Tensor(2, (1, 64), 64), Tensor(3, (1, 64), 64)
SCALE = Op("mul", "elementwise", 0, (), (PARAMETER, TABLE), (SCALED,))
ADD = Op("add", "elementwise", 0, (IMAGE, SCALED), (), (OUT,))


def test_an_op_of_parameters_alone_goes_and_what_it_made_counts_as_weights() -> None:
    (left,) = folded((SCALE, ADD))
    assert (left.name, left.inputs, left.weights) == ("add", (IMAGE,), (SCALED,))


def test_what_such_ops_make_of_each_other_goes_too() -> None:
    again = Tensor(4, (64,), 64)
    chain = (
        SCALE,
        Op("exp", "activation", 0, (SCALED,), (), (again,)),
        Op("add", "elementwise", 0, (IMAGE, again), (), (OUT,)),
    )
    assert [op.name for op in folded(chain)] == ["add"]


def test_a_network_without_such_ops_stays_as_it_is() -> None:
    ops = (Op("add", "elementwise", 0, (IMAGE,), (PARAMETER,), (OUT,)),)
    assert folded(ops) is ops


def test_rule_sets_say_whether_their_runtime_does_so() -> None:
    def found(rules: str) -> tuple[int, int, int]:
        kernels = fuse((SCALE, ADD), rules, (OUT.id,))
        return len(kernels), sum(k.input_elements for k in kernels), sum(k.weight_elements for k in kernels)

    assert found("tensorrt") == (1, 64, 64)
    assert found("torch-inductor-cpu") == (1, 64, 128)
