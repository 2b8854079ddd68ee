"""The account of a design: hand-computed graphs, relations that must hold, and what happens to broken designs."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from designer.cost.accounting import account, bytes_per_element, clear_caches
from designer.design.edit import apply
from designer.design.model import Design, Edge, Group, InputSpec
from designer.presets import load_preset
from designer.presets.chain import card, chain

PRESETS = ["ghostnet_050", "repghostnet_050", "edgenext_xx_small"]


def residual(repeat: int = 1) -> Design:
    """Input (4, 8, 8) -> a: 1x1 to 8 -> b: 1x1 to 8, and a + b."""
    plain: dict[str, Any] = {"norm": "none", "act": "none"}
    nodes = (
        card("input", "input"),
        card("a", "pointwise_conv", "body", out_channels=8, **plain),
        card("b", "pointwise_conv", "body", out_channels=8, repeat=repeat, **plain),
        card("add", "add"),
        card("output", "output"),
    )
    edges = [
        ("input", "a", "in0"),
        ("a", "b", "in0"),
        ("a", "add", "in0"),
        ("b", "add", "in1"),
        ("add", "output", "in0"),
    ]
    return Design(
        inputs={"input": InputSpec(channels=4, height=8, width=8)},
        outputs={"output": ("output", "out0")},
        nodes=nodes,
        edges=tuple(Edge(source=s, target=t, target_port=p) for s, t, p in edges),
        groups=(Group(id="body"),),
    )


def test_a_residual_by_hand() -> None:
    found = account(residual())
    weights_a, weights_b = 4 * 8 + 8, 8 * 8 + 8
    assert found.params == found.weight_elements == weights_a + weights_b
    assert found.macs == 64 * (4 * 8 + 8 * 8) and found.flops == 2 * found.macs
    # a reads the input; b reads a; the addition reads both and writes a third map of 512.
    assert found.memory_access == (256 + weights_a + 512) + (512 + weights_b + 512) + 3 * 512
    # Alive at the addition: a, b and the sum. The input died after a.
    assert found.peak_activations == 3 * 512
    assert found.peak_memory == 3 * 512 + weights_a + weights_b
    assert found.coverage == 1.0 and found.uncounted == () and found.complete
    assert found.bytes("fp16").memory_access == 2 * found.memory_access
    assert found.arithmetic_intensity("int8") == pytest.approx(2 * found.macs / found.memory_access)


def test_the_input_lives_until_its_last_use() -> None:
    design = residual()
    edges = tuple(e for e in design.edges if (e.target, e.target_port) != ("add", "in0"))
    wide = card("wide", "pointwise_conv", out_channels=8, norm="none", act="none")
    more = (Edge(source="input", target="wide"), Edge(source="wide", target="add", target_port="in0"))
    found = account(design.replace(nodes=(*design.nodes, wide), edges=(*edges, *more)))
    # wide runs last but one: input, b and wide are alive, then b, wide and the sum.
    assert found.peak_activations == max(256 + 512 + 512, 3 * 512)


def test_a_chain_of_activation_nodes_joins_the_convolution_before_it() -> None:
    nodes = (card("c", "conv_norm_act", norm="none", act="none", out_channels=4), card("r", "activation", act="relu"))
    apart = account(chain("apart", 8, nodes, {}))
    together = account(chain("one", 8, (card("c", "conv_norm_act", norm="none", act="relu", out_channels=4),), {}))
    assert (len(apart.kernels), apart.memory_access) == (1, together.memory_access)


def test_a_lone_batch_norm_is_folded_in_the_deploy_form_only() -> None:
    nodes = (card("c", "conv_norm_act", norm="none", act="none", out_channels=4), card("n", "batch_norm"))
    design = chain("fold", 8, nodes, {})
    train, deploy = account(design, form="train"), account(design)
    assert [op.name for op in train.ops] == ["conv2d", "batch_norm"]
    assert [op.name for op in deploy.ops] == ["conv2d"]
    assert train.params - deploy.params == 4 + 4  # gamma and beta
    assert train.memory_access - deploy.memory_access == 4 * 4


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("form", ["train", "deploy"])
def test_nodes_and_groups_add_up_to_the_totals(name: str, form: str) -> None:
    found = account(load_preset(name), form=form)  # type: ignore[arg-type]
    for what in ("params", "macs", "memory_access"):
        assert sum(getattr(node, what) for node in found.nodes) == getattr(found, what) > 0
    grouped = sum(group.macs for group in found.groups)
    assert grouped == sum(node.macs for node in found.nodes if node.group)
    assert sum(node.share for node in found.nodes) == pytest.approx(1.0)
    assert sum(kernel.macs for kernel in found.kernels) == found.macs == sum(op.macs for op in found.ops)


@pytest.mark.parametrize("name", ["ghostnet_050", "repghostnet_050", "nextvit_small"])
def test_twice_the_batch_is_twice_the_macs_and_the_same_weights(name: str) -> None:
    one, two = account(load_preset(name)), account(load_preset(name), batch=2)
    assert two.macs == 2 * one.macs
    assert (two.params, two.weight_elements) == (one.params, one.weight_elements)
    assert two.peak_activations == 2 * one.peak_activations
    assert two.memory_access - one.memory_access == one.memory_access - one.weight_elements


def test_what_does_not_depend_on_the_batch_is_counted_once() -> None:
    one, two = account(load_preset("edgenext_xx_small")), account(load_preset("edgenext_xx_small"), batch=2)
    # The positions of stage 2: a convolution of 64 Fourier features to 48 channels on 32 x 32 pixels.
    assert 2 * one.macs - two.macs == 64 * 48 * 32 * 32


@pytest.mark.parametrize("name", PRESETS)
def test_the_deploy_form_never_moves_more(name: str) -> None:
    train, deploy = account(load_preset(name), form="train"), account(load_preset(name))
    assert deploy.memory_access <= train.memory_access
    assert deploy.macs <= train.macs and deploy.params <= train.params
    assert deploy.peak_memory <= train.peak_memory


def test_another_input_size_is_the_same_as_editing_the_input() -> None:
    design = load_preset("ghostnet_050")
    edited = apply(design, {"op": "set_input", "id": "input", "height": 160, "width": 192})
    sized, changed = account(design, size=(3, 160, 192)), account(edited)
    assert (sized.macs, sized.memory_access, sized.inputs) == (changed.macs, changed.memory_access, ((1, 3, 160, 192),))


def test_caches_do_not_change_an_answer() -> None:
    design = load_preset("repghostnet_050")
    edited = apply(design, {"op": "set_input", "id": "input", "height": 192})
    warm = account(design)
    account(edited)
    again = account(design)
    clear_caches()
    cold = account(design)
    for other in (again, cold):
        assert (other.ops, other.kernels, other.nodes) == (warm.ops, warm.kernels, warm.nodes)


def test_shared_weights_count_once() -> None:
    shared = residual().nodes[2].model_copy(update={"id": "c", "shares": "b"})
    design = residual()
    edges = tuple(e for e in design.edges if e.target != "output")
    more = (Edge(source="add", target="c"), Edge(source="c", target="output"))
    found = account(design.replace(nodes=(*design.nodes, shared), edges=(*edges, *more)))
    alone = account(design)
    assert (found.params, found.weight_elements) == (alone.params, alone.weight_elements)
    assert found.macs == alone.macs + 64 * 8 * 8


def test_every_copy_of_a_repeated_node_counts() -> None:
    once, thrice = account(residual()), account(residual(repeat=3))
    assert thrice.macs - once.macs == 2 * 64 * 8 * 8
    assert thrice.params - once.params == 2 * (8 * 8 + 8)
    assert {(op.node, op.copy) for op in thrice.ops} >= {("b", 0), ("b", 1), ("b", 2)}


def test_a_broken_node_stays_out_of_the_totals_with_all_that_follows() -> None:
    design = apply(residual(), {"op": "set_config", "id": "b", "field": "groups", "value": 3})
    found = account(design)
    assert not found.complete
    assert {node.id for node in found.nodes if node.assumed} == {"b", "add", "output"}
    assert found.macs == 64 * 4 * 8
    assert next(node for node in found.nodes if node.id == "add").out_shapes == ((1, 8, 8, 8),)
    assert [group.assumed for group in found.groups] == [True]
    assert "groups must divide 8 channels, got 3" in found.issues[0].message


def test_an_unknown_precision_and_an_impossible_batch_are_refused() -> None:
    with pytest.raises(ValueError, match="precision must be one of fp32, fp16, int8, got 'fp8'"):
        bytes_per_element("fp8")
    with pytest.raises(ValueError, match="batch must be 1 or more, got 0"):
        account(residual(), batch=0)


def test_threads_may_account_at_once() -> None:
    clear_caches()
    design = load_preset("ghostnet_050")
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(account(design).macs)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [account(design).macs] * 4
