"""What an exported graph must not carry, and what it must: no stack traces or local paths, but each node's origin."""

from __future__ import annotations

import re
from typing import Any

_SCOPE = re.compile(r"n_([a-z][a-z0-9_]*)\.\d+")


def mark_origins(model: Any) -> None:
    """Name each ONNX node `<design node>/<operator>_<number>`, its design node read from the exporter's scopes.

    In the name and not in metadata: simplifiers and other tools keep names.
    """
    for number, node in enumerate(model.graph.node):
        scopes = " ".join(entry.value for entry in node.metadata_props if "name_scope" in entry.key)
        found = _SCOPE.search(scopes) or _SCOPE.search(node.name.replace("/", "."))
        origin = f"{found.group(1)}/" if found else ""
        node.name = f"{origin}{node.op_type}_{number}"
        del node.metadata_props[:]


def clean(model: Any) -> None:
    """Remove doc strings and the exporter's metadata from the model, its values and its functions, in place."""
    model.ClearField("doc_string")
    model.ClearField("metadata_props")
    model.graph.ClearField("doc_string")
    model.graph.ClearField("metadata_props")
    for node in model.graph.node:
        node.ClearField("doc_string")
    for part in (*model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
