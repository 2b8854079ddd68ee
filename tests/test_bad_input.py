"""Malformed and hostile designs, through every door: one clear sentence at the right node, at once, and it goes on."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from designer.builder import build
from designer.cli import main
from designer.cost.accounting import account
from designer.cost.result import Form
from designer.design.check import check
from designer.design.issue import DesignError
from designer.design.load import parse_design
from designer.design.model import MAX_STEPS, Design
from designer.design.text import MAX_NAMES, near
from designer.design.unroll import step_count
from designer.reporting import report
from designer.ui.editor.payload import analysis
from designer.validation import validate
from tests.designer.design.sketch import document
from tests.helpers.designs import tiny
from tests.helpers.wording import clear

SECONDS = 10.0
"""Of processor time, against work that grows without bound. Idle, each takes under half a second."""
MEMORY_BYTES = 2 * 2**30
"""Of address space: libraries loaded on first use reserve up to 0.4 GiB, what must not be built takes far more."""


Document = dict[str, Any]


def peak_bytes() -> int:
    """Return the largest address space this process has had (reserved counts too), or its largest resident set."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmPeak:\s+(\d+) kB", status.read_text())
        assert found
        return 1024 * int(found[1])
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextmanager
def at_once() -> Iterator[None]:
    """Fail where the body works long or takes much memory."""
    memory, start = peak_bytes(), time.process_time()
    yield
    assert time.process_time() - start < SECONDS
    assert peak_bytes() - memory < MEMORY_BYTES


@pytest.fixture(autouse=True)
def goes_on() -> Iterator[None]:
    """After each bad design a good one gives what it gave before."""
    before = report(tiny()).to_dict()
    yield
    assert report(tiny()).to_dict() == before


def cli(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command that must be refused and return its sentence."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ") and err.count("\n") == 1
    return err.removeprefix("error: ").rstrip("\n")


def plain() -> Document:
    return document("i:in a:rb b:add o:out", "i > a > b > o; i > b.in1", config={"a": {"out_channels": 3}})


def changed(change: Callable[[Document], Any]) -> Document:
    made: Document = json.loads(json.dumps(plain()))
    change(made)
    return made


def with_config(**values: Any) -> Document:
    return changed(lambda d: d["nodes"][1]["config"].update(values))


def with_edge(source: str, source_port: str, target: str, target_port: str) -> Document:
    edge = {"source": source, "source_port": source_port, "target": target, "target_port": target_port}
    return changed(lambda d: d["edges"].append(edge))


MANY = 1990

# What the schema takes and the checks must refuse: document, the node or group it is told at, part of the sentence.
REFUSED: dict[str, tuple[Document, str | None, str]] = {
    "unknown block": (changed(lambda d: d["nodes"][1].update(block="nope")), "a", 'there is no block "nope"'),
    "near block": (changed(lambda d: d["nodes"][1].update(block="ghost_bottelneck")), "a", 'mean "ghost_bottleneck"'),
    "unknown config field": (with_config(strid=2), "a", 'no field "strid". Did you mean "stride"?'),
    "html config field": (with_config(**{"<img src=x>": 2}), "a", 'no field "<img src=x>"'),
    "a billion channels": (with_config(out_channels=10**9), "a", "between 1 and 16384 or empty, got 1000000000"),
    "no channels": (with_config(out_channels=0), "a", "out_channels must be"),
    "text for a number": (with_config(out_channels="16"), "a", 'out_channels must be a whole number .* got "16"'),
    "a fraction of a channel": (with_config(out_channels=16.0), "a", "out_channels must be a whole number .* got 16.0"),
    "true for a number": (with_config(stride=True), "a", "stride must be 1 or 2, got true"),
    "a number for a switch": (with_config(se=1), "a", "se must be true or false, got 1"),
    "a list for a number": (with_config(stride=[1] * 1000), "a", "stride must be 1 or 2, got a list"),
    "an object for a number": (with_config(stride={"a": {"b": 1}}), "a", "stride must be 1 or 2, got an object"),
    "missing config": (changed(lambda d: d["nodes"][1].update(config={})), "a", "mid_channels is missing"),
    "two nodes of one id": (changed(lambda d: d["nodes"].append(d["nodes"][1])), "a", '2 nodes have the id "a"'),
    "two groups of one id": (changed(lambda d: d["groups"].extend([{"id": "g"}] * 2)), "g", "2 groups have the id"),
    "two groups and nodes of one id": (
        changed(
            lambda d: (
                d["nodes"].append({**d["nodes"][1], "group": "g"}),
                d["groups"].extend([{"id": "g"}, {"id": "g", "parent": "g"}]),
            )
        ),
        "a",
        "2 nodes",
    ),
    "a wire from nowhere": (with_edge("ghost", "out0", "a", "in0"), "a", 'node "ghost", which does not exist'),
    "a wire to nowhere": (with_edge("a", "out0", "ghost", "in0"), "a", 'node "ghost", which does not exist'),
    "a wire to itself": (with_edge("b", "out0", "b", "in1"), "b", "2 wires lead into in1"),
    "a port that is not there": (with_edge("a", "out7", "b", "in1"), "a", "uses port out7, but it has out0"),
    "an input used as output": (with_edge("a", "in0", "b", "in1"), "a", "uses port in0, but it has out0"),
    "an output used as input": (with_edge("a", "out0", "b", "out0"), "b", "uses port out0, but it has in0, in1"),
    "a wire into the input": (with_edge("a", "out0", "i", "in0"), "i", "it has none on this side"),
    "a cycle": (document("i:in a:add b:rb o:out", "i > a > b > o; b > a.in1"), "a", "cycle: a -> b -> a"),
    "nothing connected": (document("i:in a:rb b:add o:out", "i > a > b > o"), "b", "nothing is connected to in1"),
    "no input": (document("a:rb o:out", "a > o"), None, "The design has no input"),
    "no output": (document("i:in a:rb", "i > a"), None, "The design has no output"),
    "nothing at all": ({}, None, "The design is empty"),
    "an input without a size": (changed(lambda d: d.update(inputs={})), "i", "it has no size"),
    "a size without an input": (changed(lambda d: d["inputs"].update(j={})), None, 'input "j", but no input node'),
    "an output of nothing": (changed(lambda d: d.update(outputs={"o": ["zz", "out0"]})), None, 'node "zz", which does'),
    "an output of no port": (changed(lambda d: d.update(outputs={"o": ["o", "out9"]})), "o", "uses port out9"),
    "an output of an input": (changed(lambda d: d.update(outputs={"o": ["o", "in0"]})), "o", "uses port in0"),
    "an output of a split that cannot be": (
        document("i:in a:split", "i > a", config={"a": {"parts": -1}}) | {"outputs": {"x": ["a", "out1"]}},
        "a",
        "parts must be a whole number between 2 and 8, got -1",
    ),
    "a group that is not there": (changed(lambda d: d["nodes"][1].update(group="g")), "a", 'group "g", which does not'),
    "groups inside each other": (
        changed(lambda d: d["groups"].extend([{"id": "g", "parent": "h"}, {"id": "h", "parent": "g"}])),
        "g",
        "is inside itself",
    ),
    "groups 17 deep": (
        document("i:in a:rb@g0 o:out", "i > a > o", _deep := " ".join(f"g{n}<g{n + 1}" for n in range(16)) + " g16"),
        "g0",
        "lies more than 16 groups deep",
    ),
    "a repeated add": (changed(lambda d: d["nodes"][2].update(repeat=3)), "b", "cannot repeat 3 times"),
    "weights of itself": (changed(lambda d: d["nodes"][1].update(shares="a")), "a", "shares the weights of itself"),
    "weights of another block": (changed(lambda d: d["nodes"][1].update(shares="i")), "a", "must be the same block"),
    "ten million steps": (
        document("i:in a:rb*200@g o:out", "i > a > o", "g<h*200 h*200"),
        None,
        "8000002 layers once repeats are written out; at most 10000 are built",
    ),
    "repeats beyond any number": (
        document("i:in a:rb*200@g0 o:out", "i > a > o", " ".join(f"g{n}<g{n + 1}*200" for n in range(499)) + " g499"),
        None,
        "layers once repeats are written out",
    ),
    "two thousand loose nodes": (document(" ".join(f"a{n}:rb" for n in range(MANY))), None, "has no input"),
    "two thousand unknown blocks": (
        document(" ".join(f"a{n}:repgost_bottlenec{n}" for n in range(MANY))),
        "a0",
        'mean "repghost_bottleneck"',
    ),
    "sixteen thousand wires to nowhere": (
        plain() | {"edges": [{"source": f"aa{n % 2000}", "target": f"ab{n}"} for n in range(16_000)]},
        None,
        'A wire connects "ab0" to node "aa0", which does not exist',
    ),
    "sixteen thousand wires among two thousand nodes": (
        document(" ".join(f"a{n}:rb" for n in range(MANY)))
        | {"edges": [{"source": f"a{n % MANY}", "target": f"a{n * 7 % MANY}"} for n in range(16_000)]},
        "a0",
        "9 wires lead into in0",
    ),
    "two thousand wrong configs": (
        document(" ".join(f"a{n}:rb" for n in range(MANY)), config={f"a{n}": {"stride": 9} for n in range(MANY)}),
        "a0",
        "stride must be 1 or 2, got 9",
    ),
    # What only shapes reveal.
    "unlike widths at an add": (with_config(out_channels=24), "b", "same number of channels at every input"),
    "unlike sizes at an add": (with_config(stride=2), "b", r"\(1, 3, 16, 16\) and \(1, 3, 32, 32\)"),
    "unlike sizes at a concat": (
        document("i:in a:rb b:concat o:out", "i > a > b > o; i > b.in1", config={"a": {"stride": 2}}),
        "b",
        "16, 16",
    ),
    "groups that do not divide": (
        document("i:in a:conv_norm_act o:out", "i > a > o", config={"a": {"out_channels": 64, "groups": 5}}),
        "a",
        "groups must divide",
    ),
    "a map into a linear layer": (document("i:in a:linear o:out", "i > a > o"), "a", 'Linear "a"'),
    "a window larger than the map": (
        document("i:in a:conv_norm_act o:out", "i > a > o", config={"a": {"kernel": 7, "padding": "none"}})
        | {"inputs": {"i": {"channels": 3, "height": 3, "width": 3}}},
        "a",
        "kernel of 7",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_design_is_told_at_its_node_through_every_door(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, node, sentence = REFUSED[name]
    text = json.dumps(data)
    design = parse_design(text)
    with at_once():
        issues = validate(design)
    assert [issue for issue in issues if issue.node == node and re.search(sentence, issue.message)], issues[:3]
    assert all(clear(issue.message) for issue in issues)
    with at_once():
        shown = analysis(design, 1, form="deploy", batch=1, precision="fp32")
    json.dumps(shown, allow_nan=False)
    assert shown["complete"] is False or shown["issues"]
    assert [issue["message"] for issue in shown["issues"]] == [issue.message for issue in issues]
    for door in (build, report):
        with at_once(), pytest.raises(DesignError) as caught:
            door(design)
        assert clear(str(caught.value))
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    for command in (
        ["report", path],
        ["compare", path, path],
        ["export", path, "--to", "onnx", "--out", tmp_path / "x"],
    ):
        with at_once():
            told = cli(capsys, *command)
        assert clear(told)
    assert design.digest() == parse_design(text).digest()


@pytest.mark.parametrize("name", REFUSED)
def test_the_account_of_a_bad_design_is_numbers_or_a_sentence(name: str) -> None:
    design = parse_design(json.dumps(REFUSED[name][0]))
    forms: tuple[Form, ...] = ("deploy", "train")
    for form in forms:
        with at_once():
            try:
                found = account(design, form=form)
            except DesignError:
                assert step_count(design) > MAX_STEPS
                continue
        assert found.issues or check(design)
        assert all(clear(issue.message) for issue in found.issues)
        assert 0 <= found.coverage <= 1


# What the schema itself refuses, as a file: its bytes and part of the sentence.
UNREADABLE: dict[str, tuple[bytes, str]] = {
    "an empty file": (b"", "not valid JSON: Expecting value at line 1, column 1"),
    "white space": (b" \n ", "not valid JSON"),
    "half a file": (json.dumps(plain()).encode()[:200], "not valid JSON"),
    "no text": (b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "not UTF-8 text"),
    "UTF-16": (json.dumps(plain()).encode("utf-16"), "not UTF-8 text"),
    "an array": (b"[]", "is a JSON object with nodes and edges, got a list"),
    "a number": (b"7", "is a JSON object"),
    "a null": (b"null", "is a JSON object"),
    "not a number": (b'{"meta": {"x": NaN}}', "contains NaN"),
    "infinity": (b'{"meta": {"x": [-Infinity]}}', "contains -Infinity"),
    "beyond infinity": (b'{"nodes": [{"id": "a", "block": "b", "position": [1e999, 0]}]}', "contains inf"),
    "a number of ten thousand digits": (b'{"schema_version": ' + b"9" * 10_000 + b"}", "above 2^53"),
    "a million brackets": (b"[" * 1_000_000, "nested more than"),
    "a million objects": (b'{"meta":' * 1_000_000, "nested more than"),
    "fifty megabytes": (b'{"name": "' + b"x" * 50_000_000 + b'"}', "has 47.7 MB; at most 8 MB are read"),
    "a million nodes": (b'{"nodes": [' + b"{}," * 1_000_000 + b"{}]}", "holds more than"),
    "null characters": (b'{"name": "a\\u0000b"}', "text that cannot be saved"),
    "half a surrogate pair": (b'{"name": "\\ud83d"}', "text that cannot be saved"),
    "a newer version": (json.dumps(plain() | {"schema_version": 9}).encode(), "newer version of Blockwright"),
    "an unknown field": (
        json.dumps(plain() | {"nodez": []}).encode(),
        'there is no field "nodez". Did you mean "nodes"?',
    ),
    "nodes as text": (json.dumps(plain() | {"nodes": "all"}).encode(), "nodes must be a list"),
    "a node that is a number": (json.dumps(plain() | {"nodes": [5]}).encode(), "Node number 1 must be an object"),
    "an id with HTML": (
        json.dumps(changed(lambda d: d["nodes"][1].update(id="<b>a</b>"))).encode(),
        'Node "<b>a</b>": id must be lower-case letters',
    ),
    "a repeat of a million": (
        json.dumps(changed(lambda d: d["nodes"][1].update(repeat=10**6))).encode(),
        "repeat must be between 1 and 200, got 1000000",
    ),
    "an input of a billion pixels": (
        json.dumps(plain() | {"inputs": {"i": {"height": 10**9}}}).encode(),
        "height must be between 1 and 4096, got 1000000000",
    ),
    "a label of a megabyte": (
        json.dumps(changed(lambda d: d["nodes"][1].update(label="x" * 10**6))).encode(),
        "label must have 0 to 200 characters, got 1000000",
    ),
    "two thousand nested groups": (
        json.dumps(plain() | {"groups": [{"id": f"g{n}", "parent": f"g{n + 1}"} for n in range(2000)]}).encode(),
        "2000 groups; at most 500 are allowed",
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_is_no_design_is_refused_in_one_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, sentence = UNREADABLE[name]
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with at_once():
        told = cli(capsys, "report", path)
    assert sentence in told
    assert clear(told)
    with pytest.raises(DesignError, match=re.escape(told)):
        parse_design(content)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "good.json"
    path.write_bytes(b"\xef\xbb\xbf" + tiny().to_json().encode())
    assert main(["report", str(path)]) == 0


def test_ten_thousand_steps_with_mistakes_are_judged_at_once() -> None:
    names = [f"a{n}" for n in range(49)]
    wires = " > ".join(["i", *names, "o"])
    nodes = " ".join(f"{name}:rb*200" for name in names)
    design = parse_design(document(f"i:in {nodes} o:out", wires, config={name: {"stride": 9} for name in names}))
    with at_once():
        issues = validate(design)
    assert len(issues) == 49
    assert [fix.params_delta is None for issue in issues for fix in issue.fixes].count(False) <= 1


def test_a_hint_looks_at_a_bounded_number_of_names() -> None:
    assert near("stem", ["step"]) == ' Did you mean "step"?'
    assert near("stem", [*map(str, range(MAX_NAMES)), "step"]) == ""


LARGE = {"i": {"channels": 16_384, "height": 4096, "width": 4096}}
TOO_LARGE: dict[str, tuple[Document, str]] = {
    "weights": (
        document("i:in a:conv_norm_act*20 o:out", "i > a > o", config={"a": {"out_channels": 16_384, "kernel": 3}})
        | {"inputs": LARGE},
        "This network has 48319 M params; at most 1000 M can be built here",
    ),
    "activations": (
        document("i:in a:identity o:out", "i > a > o") | {"inputs": LARGE},
        "One activation of this network has 274878 M elements; at most 2000 M can be run here",
    ),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_network_beyond_the_limits_is_counted_but_never_built(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, sentence = TOO_LARGE[name]
    design = parse_design(data)
    with at_once():
        assert validate(design) == []
        assert json.dumps(report(design).to_dict(), allow_nan=False)
    with at_once(), pytest.raises(DesignError, match=sentence):
        build(design)
    path = tmp_path / "large.json"
    path.write_text(design.to_json(), encoding="utf-8")
    with at_once():
        assert sentence in cli(capsys, "export", path, "--to", "onnx", "--out", tmp_path / "x.onnx")
    assert not (tmp_path / "x.onnx").exists()


HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\r\n{{7*7}} ${x} $(reboot) '; drop table designs;--"


def hostile() -> Design:
    """A good design whose every free text is hostile."""
    nodes = [{**node, "label": HOSTILE} for node in plain()["nodes"]]
    made = plain() | {"name": HOSTILE, "nodes": nodes, "groups": [{"id": "g", "label": HOSTILE}]}
    return parse_design(made | {"meta": {"notes": HOSTILE, "origin": HOSTILE}})


def test_hostile_text_is_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "hostile.json"
    path.write_text(hostile().to_json(), encoding="utf-8")
    assert validate(hostile()) == []
    assert main(["report", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == HOSTILE
    assert main(["report", str(path)]) == 0
    out = capsys.readouterr().out
    assert all(line.isprintable() for line in out.splitlines())
    assert out.startswith("<script>alert(1)</script>?[31m???{{7*7}}")
    assert main(["show", str(path)]) == 0
    assert parse_design(capsys.readouterr().out) == hostile()


def test_hostile_text_cannot_leave_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design = hostile()
    broken = design.nodes[1].model_copy(update={"config": design.nodes[1].config | {"stride": HOSTILE}})
    bad = design.replace(nodes=(design.nodes[0], broken, *design.nodes[2:]))
    issues = validate(bad)
    assert issues and all(issue.message.isprintable() and clear(issue.message) for issue in issues)
    path = tmp_path / "hostile.json"
    path.write_text(bad.to_json(), encoding="utf-8")
    assert cli(capsys, "report", path).isprintable()


@pytest.mark.parametrize("content", [b"", b'{"nodes": []}', b"\x08\x07\x12\xff" * 50])
def test_a_file_that_is_no_onnx_is_refused(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    assert re.search('"bad.onnx" is (not an ONNX file|an ONNX file without a network)', cli(capsys, "report", path))


def test_the_program_itself_ends_with_1_and_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(REFUSED["unlike widths at an add"][0]), encoding="utf-8")
    command = [sys.executable, "-m", "designer", "report", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r'error: Add "b" needs the same number of channels at every input, .*\n', done.stderr)
