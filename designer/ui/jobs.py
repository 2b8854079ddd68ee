"""What pages and dialogs share about jobs: an upload as the file that a job reads, and a job as it goes."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from designer.store import Job
from designer.ui.studio import studio
from designer.ui.text import plain

POLL_S = 0.5
"""How often a fragment that follows a job runs again."""


def stored_upload(uploaded: UploadedFile) -> Path:
    """Return an upload as a file of its own name: jobs read files, in a process of their own."""
    name = re.sub(r"[^\w.-]", "_", Path(uploaded.name).name)[-100:]
    path = studio().jobs.folder / f"upload-{uploaded.file_id}" / name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(uploaded.getvalue())
    return path


def followed(job_id: str, cancelled: str) -> Job:
    """Draw a job, in a fragment that runs again: its progress with Cancel, or why there is no result.

    `cancelled` is the sentence for a job that was stopped. Nothing is drawn for one that is done.
    """
    job = studio().store.get_job(job_id)
    if job.state in ("queued", "running"):
        st.progress(job.progress, text=job.message or "waiting")
        if st.button("Cancel", key=f"cancel_{job_id}"):
            studio().jobs.cancel(job_id)
            st.rerun(scope="fragment")
    elif job.state != "done":
        st.error(plain(job.error or cancelled), icon=":material/error:")
    return job
