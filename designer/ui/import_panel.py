"""Importing: a design JSON, or an ONNX file, parsed in a process of its own."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from designer.comparing import amount
from designer.design.issue import DesignError
from designer.design.load import parse_design
from designer.design.model import Design
from designer.ui.figures import summary
from designer.ui.jobs import POLL_S, followed, stored_upload
from designer.ui.opening import open_in_compose
from designer.ui.pins import pinned
from designer.ui.studio import studio
from designer.ui.text import mib, plain, si

MAX_MB = 64


@st.fragment
def import_panel() -> None:
    """Take a file; offer its design to be added, or show the figures of a model that holds none."""
    uploaded = st.file_uploader(
        "A design JSON, or an ONNX file", type=["json", "onnx"], key="import_file", max_upload_size=MAX_MB
    )
    if uploaded is None:
        st.session_state.pop("import_job", None)
        st.caption("ONNX files made here carry their design; any other is read for its figures.")
    elif uploaded.name.lower().endswith(".onnx"):
        _read_onnx(uploaded)
    else:
        try:
            _offer(parse_design(uploaded.getvalue()))
        except DesignError as error:
            st.error(f"{plain(uploaded.name)}: {plain(str(error))}")


def _read_onnx(uploaded: UploadedFile) -> None:
    known = st.session_state.get("import_job")
    if known is None or known[0] != uploaded.file_id:
        job_id = studio().jobs.submit("import", {"path": str(stored_upload(uploaded))})
        st.session_state.import_job = (uploaded.file_id, job_id)
    _watch(uploaded.name)


@st.fragment(run_every=POLL_S)
def _watch(name: str) -> None:
    job = followed(st.session_state.import_job[1], f"The import of {name} was cancelled.")
    if job.state != "done":
        return
    if "design" in job.result:
        _offer(parse_design(job.result["design"]))
    else:
        _figures(name, job.result["report"])


def _offer(design: Design) -> None:
    st.markdown(f"**{plain(design.name)}**: {summary(design)}")
    if st.button("Add to the library and open", type="primary", key="import_open", width="stretch"):
        open_in_compose(studio().store.create(design).id)


def _figures(name: str, report: dict[str, Any]) -> None:
    lines = [
        f"**{plain(name)}** holds no design: it can be read, not edited.",
        f"{si(report['params'])} params · {si(report['macs'])} MACs (FLOPs {si(report['flops'])})",
        f"memory access {mib(report['memory_access_bytes'])} · peak {mib(report['peak_memory_bytes'])} · "
        f"{100 * report['coverage']:.1f} % counted",
    ]
    for device in pinned():
        if figure := report["latency"].get(device):
            unit = "ms per image" if figure["kind"] == "throughput" else "ms"
            band = f"80 % between {amount(figure['low_ms'])} and {amount(figure['high_ms'])}"
            lines.append(f"{figure['kind']} estimate, {device}: {amount(figure['ms'])} {unit} ({band})")
    st.markdown("  \n".join(lines))
