FROM python:3.11-slim

# PyTorch's CPU wheels: a third of the size of the default CUDA build.
ARG TORCH_INDEX_URL=https://download.pytorch.org/whl/cpu

RUN useradd --create-home --uid 10001 studio
WORKDIR /home/studio/app

COPY requirements.txt constraints.txt pyproject.toml ./
COPY blocks blocks
COPY designer designer
COPY profiles profiles
RUN pip install --no-cache-dir --index-url "$TORCH_INDEX_URL" torch==2.13.0 \
    && pip install --no-cache-dir -r requirements.txt

COPY app.py ./
COPY .streamlit .streamlit

RUN mkdir -p /home/studio/data && chown -R studio:studio /home/studio
USER 10001
ENV BLOCKWRIGHT_DB=sqlite:////home/studio/data/blockwright.db
VOLUME /home/studio/data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=3)"]
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501"]
