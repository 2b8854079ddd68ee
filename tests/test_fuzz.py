"""Random edits, documents, configs and sizes: every answer is numbers or sentences, never another exception.

The examples are fixed (`derandomize`), so that a run tells the same today and tomorrow.
"""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocks.catalog import CATALOG
from designer.builder import build
from designer.cost.accounting import account
from designer.design.blockinfo import FieldInfo, palette
from designer.design.check import check
from designer.design.edit import apply
from designer.design.issue import DesignError
from designer.design.load import parse_design
from designer.design.model import MAX_CHANNELS, MAX_STEPS, Design
from designer.design.unroll import step_count
from designer.presets import load_preset
from designer.reporting import report
from designer.ui.editor.payload import analysis
from designer.validation import validate
from tests.designer.design.sketch import document, sketch
from tests.designer.design.test_edit_properties import attempt, commands
from tests.helpers.designs import tiny
from tests.helpers.wording import clear

FIXED = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

STARTS = (
    tiny(),
    sketch("i:in a:rb*3@s b:gb@s c:rb*2@t s1:add o:out", "i > a > b > c > s1 > o; b > s1.in1", "s t<u u*2"),
    sketch("i:in p:split a:rb b:identity c:concat o:out", "i > p > a > c > o; p.out1 > b > c.in1"),
    load_preset("repghostnet_050"),
    load_preset("edgenext_xx_small"),
    load_preset("nextvit_small"),
)


def judged(design: Design) -> None:
    """Ask everything that a page asks about a design, and hold the answers to what they promise."""
    issues = validate(design)
    assert all(clear(issue.message) for issue in issues)
    shown = analysis(design, 1, form="deploy", batch=1, precision="fp32")
    json.dumps(shown, allow_nan=False)
    if step_count(design) > MAX_STEPS:
        assert issues
        return
    for form in ("deploy", "train"):
        found = account(design, form=form)
        assert all(clear(issue.message) for issue in found.issues)
        assert found.macs == sum(node.macs for node in found.nodes)
        assert math.isfinite(found.coverage) and 0 <= found.coverage <= 1
        assert min(found.params, found.macs, found.memory_access, found.peak_memory) >= 0
        assert found.complete or any(issue.kind == "error" for issue in (*found.issues, *check(design)))
    if any(issue.kind == "error" for issue in issues):
        with pytest.raises(DesignError) as caught:
            report(design)
        assert clear(str(caught.value))
    else:
        report(design)


def value_of(field: FieldInfo) -> st.SearchStrategy[Any]:
    """Values that fit a field, small ones mostly, and some that do not."""
    inside: st.SearchStrategy[Any] = st.just(field.default)
    if field.type == "choice":
        inside |= st.sampled_from(field.choices)
    elif field.type == "bool":
        inside |= st.booleans()
    elif field.type == "int":
        low, high = int(field.minimum or 0), int(field.maximum or 64)
        if field.role in ("width", "hidden_width"):
            inside |= st.sampled_from([32, 64, 96])
        inside |= st.integers(low, min(high, low + 70)) | st.integers(low, high)
    elif field.type == "float":
        inside |= st.floats(field.minimum, field.maximum, allow_nan=False)
    return inside | st.none() if field.nullable else inside


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=4), st.just([1]), st.just({"a": 1}),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip


@st.composite
def edits(draw: st.DrawFn, design: Design) -> dict[str, Any]:
    """Draw a command: any, or one that sets a real field or puts any block of the palette somewhere."""
    ids = [node.id for node in design.nodes]
    kind = draw(st.integers(0, 3))
    if kind == 0 or not ids:
        return draw(commands(design))
    node = design.node(draw(st.sampled_from(ids)))
    block = draw(st.sampled_from(list(palette())))
    if kind == 1:
        return {"op": "add", "block": block, "after": node.id}
    if kind == 2:
        return {"op": "replace_block", "id": node.id, "block": block}
    fields = palette()[node.block].fields
    if not fields:
        return {"op": "set_repeat", "id": node.id, "repeat": draw(st.integers(1, 4))}
    field = draw(st.sampled_from(fields))
    return {"op": "set_config", "id": node.id, "field": field.name, "value": draw(value_of(field))}


@given(data=st.data(), start=st.sampled_from(STARTS))
@settings(FIXED, max_examples=250)
def test_any_edits_leave_a_design_that_can_be_judged_and_undone(data: st.DataObject, start: Design) -> None:
    before, past = start.to_json(), [(start, start.digest())]
    for _ in range(data.draw(st.integers(1, 10))):
        design = past[-1][0]
        after = attempt(design, data.draw(edits(design)))
        if isinstance(after, str):
            assert clear(after)
        else:
            past.append((after, after.digest()))
    judged(past[-1][0])
    while len(past) > 1:
        past.pop()
        design, digest = past[-1]
        assert design.digest() == digest
    assert past[0][0].to_json() == before


@given(data=st.data())
@settings(FIXED, max_examples=120)
def test_every_fix_that_is_offered_can_be_applied(data: st.DataObject) -> None:
    design = data.draw(st.sampled_from(STARTS[:4]))
    for _ in range(data.draw(st.integers(1, 4))):
        after = attempt(design, data.draw(edits(design)))
        design = design if isinstance(after, str) else after
    for issue in validate(design)[:8]:
        for fix in issue.fixes:
            mended = apply(design, fix.command)
            assert parse_design(mended.to_json()) == mended


VALUES = ODD | st.sampled_from(["", "in0", "out0", "a", "input", 1e308, -1, 2**53, 200, [], {}, [[]], "\u202e", "<b>"])


@st.composite
def mutants(draw: st.DrawFn) -> Any:
    """Draw a document that was one step or a few away from a good one."""
    base = draw(st.sampled_from([document("i:in a:rb*2@g b:add o:out", "i > a > b > o; i > b.in1", "g*2"), TINY]))
    made: Any = json.loads(json.dumps(base))
    for _ in range(draw(st.integers(1, 4))):
        inner = [value for value in _walk(made) if value]
        if not inner:
            break
        at = draw(st.sampled_from(inner))
        key = draw(st.sampled_from(list(at) if isinstance(at, dict) else list(range(len(at)))))
        what = draw(st.sampled_from(["drop", "swap", "change", "double", "rename"]))
        if what == "drop":
            del at[key]
        elif what == "swap":
            other = draw(st.sampled_from(inner))
            at[key] = json.loads(json.dumps(other))
        elif what == "change":
            at[key] = json.loads(json.dumps(draw(VALUES)))
        elif isinstance(at, list):
            at.append(json.loads(json.dumps(at[key])))
        else:
            at[draw(st.text(max_size=6))] = at[key]
    return made


TINY = tiny().model_dump(mode="json")


def _walk(value: Any) -> list[Any]:
    """Return every object and list in a document, itself first."""
    found = [value] if isinstance(value, dict | list) else []
    for container in found:
        inner = container.values() if isinstance(container, dict) else container
        found += [item for item in inner if isinstance(item, dict | list)]
    return found


def taken(made: Any) -> Design | None:
    """Return the design of a document, None where it is refused in clear sentences."""
    try:
        return parse_design(json.dumps(made))
    except DesignError as error:
        refused = error.issues
    assert all(clear(issue.message) for issue in refused)
    return None


@given(made=mutants())
@settings(FIXED, max_examples=1000)
def test_a_mutated_document_gives_sentences_or_a_design(made: Any) -> None:
    design = taken(made)
    if design is None:
        return
    assert parse_design(design.to_json()) == design
    judged(design)


def around(block: str, config: dict[str, Any], channels: int, height: int, width: int) -> Design:
    """Return a design of one block with as many inputs and outputs as its config asks for."""
    info = palette()[block]
    nodes = [{"id": "x", "block": block, "config": config}]
    edges, inputs, outputs = [], {}, {}
    for port in info.inputs(config):
        node = {"id": f"i_{port}", "block": "input", "config": {}}
        nodes.append(node)
        inputs[f"i_{port}"] = {"channels": channels, "height": height, "width": width}
        kinds = next(p.kinds for p in info.in_ports if info.count_fields or p.name == port)
        before = [f"i_{port}"]
        if "map" not in kinds:  # networks take maps
            before.append(f"t_{port}")
            bridge = "to_tokens" if "tokens" in kinds else "global_avg_pool"
            nodes.append({"id": before[-1], "block": bridge, "config": palette()[bridge].defaults()})
            edges.append({"source": before[0], "target": before[-1]})
        edges.append({"source": before[-1], "target": "x", "target_port": port})
    for port in info.outputs(config):
        nodes.append({"id": f"o_{port}", "block": "output", "config": {}})
        edges.append({"source": "x", "source_port": port, "target": f"o_{port}"})
        outputs[f"o_{port}"] = [f"o_{port}", "out0"]
    return parse_design({"nodes": nodes, "edges": edges, "inputs": inputs, "outputs": outputs})


BUILT_PARAMS, RUN_MACS = 1_000_000, 20_000_000


@pytest.mark.parametrize("block", [name for name in CATALOG if name not in ("input", "output")])
def test_any_config_on_any_map_builds_as_counted_or_says_why_not(block: str) -> None:
    built = 0

    @given(data=st.data())
    @settings(FIXED, max_examples=50)
    def holds(data: st.DataObject) -> None:
        nonlocal built
        fields = palette()[block].fields
        config = {field.name: data.draw(value_of(field), label=field.name) for field in fields}
        if fields and data.draw(st.integers(0, 4)) == 0:
            config[data.draw(st.sampled_from(fields)).name] = data.draw(ODD)
        channels = data.draw(st.sampled_from([1, 3, 7, 16, 32, 64, MAX_CHANNELS]))
        height, width = data.draw(st.sampled_from([(1, 1), (3, 5), (17, 31), (16, 16), (32, 32)]))
        design = around(block, config, channels, height, width)
        judged(design)
        found = account(design, form="train")
        if validate(design) or found.params > BUILT_PARAMS or found.macs > RUN_MACS:
            return
        network = build(design).eval()
        assert sum(p.numel() for p in network.parameters()) == found.params
        with torch.inference_mode():
            result = network(*(torch.zeros(shape) for shape in network.input_shapes))
        outs = result if isinstance(result, tuple) else (result,)
        shapes = [node.out_shapes[0] for node in found.nodes if node.block == "output"]
        assert [tuple(out.shape) for out in outs] == shapes
        built += 1

    holds()
    assert built, f"no config of {block} was built, so this test saw nothing"


@pytest.mark.parametrize(
    "name",
    ["repghostnet_050", "ghostnet_050", "edgenext_xx_small", "nextvit_small", "hornet_tiny_7x7"],
)
@pytest.mark.parametrize("size", [(3, 1, 1), (3, 3, 5), (1, 31, 17), (7, 224, 33), (3, 4096, 1)])
def test_a_published_network_takes_any_input_or_says_why_not(name: str, size: tuple[int, int, int]) -> None:
    design = load_preset(name)
    found = account(design, size=size)
    for issue in found.issues:
        assert clear(issue.message)
        assert issue.node in design.by_id()
    if found.complete:
        assert found.macs == sum(node.macs for node in found.nodes) > 0
        # A positional encoding is computed once for the whole batch.
        assert 2 * found.macs < account(design, size=size, batch=3).macs <= 3 * found.macs
    else:
        assert found.issues
        with pytest.raises(DesignError):
            build(design, size=size)
