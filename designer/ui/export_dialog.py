"""The export dialog: choose, watch, cancel, read the checks, download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from designer.design.model import Design
from designer.export.options import MAX_OPSET, MIN_OPSET, ExportOptions
from designer.place import data_folder
from designer.ui.jobs import POLL_S, followed
from designer.ui.studio import studio
from designer.ui.text import plain
from designer.weights.attached import Attached, attached

FORMATS = {"onnx": "ONNX", "pt2": "PyTorch program (pt2)", "safetensors": "Weights (safetensors)"}
RANDOM = "random, for timing only"
READ_AT_ONCE = 256 * 2**20


@st.dialog("Export", width="medium")
def export_dialog(design: Design, design_id: str) -> None:
    """Offer a design as a checked file, with the weights that it was given or with random ones."""
    st.markdown(f"**{plain(design.name)}**")
    options = _choose(attached(data_folder(), design_id))
    key = f"{design.digest()}:{design.name}:{options.model_dump_json()}"
    if st.session_state.get("export_key") != key:
        st.session_state.pop("export_job", None)
    if options.weights is None:
        st.caption(
            ":material/casino: The weights are **random, for timing only**. The file's name and metadata say so; "
            "drop a checkpoint on Compose for trained ones."
        )
    _progress(design, options, key)


def _choose(found: Attached | None) -> ExportOptions:
    left, middle, right = st.columns(3)
    to = left.selectbox("Format", list(FORMATS), format_func=FORMATS.__getitem__, key="export_to")
    form = middle.selectbox("Form", ["deploy", "train"], format_func=lambda f: f"{f} form", key="export_form")
    precision = right.selectbox("Precision", ["fp32", "fp16"], key="export_precision")
    left, middle, right = st.columns(3)
    dynamic = left.selectbox("Batch", ["fixed", "dynamic"], key="export_batch_kind", disabled=to == "safetensors")
    batch = middle.number_input("Batch size", 1, 4096, 1, disabled=dynamic == "dynamic", key="export_batch")
    opset = right.selectbox("Opset", list(range(MIN_OPSET, MAX_OPSET + 1)), disabled=to != "onnx", key="export_opset")
    trained = None
    if found is not None and st.selectbox("Weights", [found.to_text(), RANDOM], key="export_weights") != RANDOM:
        trained = found
    return ExportOptions(
        to=to,
        form=form,
        precision=precision,
        opset=opset,
        batch="dynamic" if dynamic == "dynamic" else int(batch),
        weights=trained.path if trained else None,
        weights_label=trained.to_text() if trained else "",
    )


@st.fragment(run_every=POLL_S)
def _progress(design: Design, options: ExportOptions, key: str) -> None:
    job_id = st.session_state.get("export_job")
    if job_id is None:
        label = f"Export {FORMATS[options.to]}" + ("" if options.weights else " with random weights")
        if st.button(label, type="primary", width="stretch", key="export_start"):
            params = {"design": design.to_json(), "options": options.model_dump(mode="json")}
            st.session_state.export_job = studio().jobs.submit("export", params)
            st.session_state.export_key = key
            st.rerun(scope="fragment")
        return
    job = followed(job_id, "The export was cancelled; nothing was written.")
    if job.state == "done":
        _result(job.result)
    elif job.finished_at is not None and st.button("Start again", key="export_again"):
        del st.session_state["export_job"]
        st.rerun(scope="fragment")


def _result(result: dict[str, Any]) -> None:
    path = Path(result["path"])
    if not path.is_file():
        st.warning("The file of this export is gone; export again.")
        return
    parity, check = result["parity"], result["deploy_check"]
    st.success(
        f"Checked: {parity['runtime']} gives torch's outputs, largest relative difference "
        f"{parity['relative_error']:.1e} (limit {parity['limit']:.0e}).",
        icon=":material/verified:",
    )
    if check:
        st.markdown(
            f"Deploy form against train form with {'randomised' if check['randomised'] else 'these'} weights on "
            f"{check['inputs']} inputs: {check['float64']:.1e} in float64 "
            f"(limit 1e-10), {check['float32']:.1e} in float32 (the train form's own rounding: "
            f"{check['float32_noise']:.1e})."
        )
    facts = [f"{result['bytes'] / 2**20:.2f} MiB", result["exporter"], result["weights"]]
    if result["opset"]:
        facts.insert(1, f"opset {result['opset']}, {result['graph_nodes']} nodes")
    st.caption(" · ".join([*facts, *result["notes"]]))
    st.download_button(
        f"Download {path.name}",
        # By its content a file keeps its address while this fragment polls; a callable gets a new one each time, and
        # a click in between would find nothing. Very large files are not read twice a second.
        path.read_bytes() if result["bytes"] <= READ_AT_ONCE else path.read_bytes,
        file_name=path.name,
        type="primary",
        width="stretch",
        key="export_download",
        on_click="ignore",
    )
