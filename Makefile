# make run  - set everything up and open the studio
# make test - set everything up and run every check
PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin
RUN_READY := .venv/.run-ready
DEV_READY := .venv/.dev-ready

.PHONY: run test lint types unit frontend bench zoo browser-ready clean

run: $(RUN_READY)
	$(BIN)/python -m streamlit run app.py --server.port $(PORT)

test: lint unit

lint: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/hadolint Dockerfile
	$(BIN)/ruff format --check .
	$(BIN)/mypy blocks designer profiles tools benchmarks tests app.py

# The browser has the machine to itself; everything else shares both cores.
unit: $(DEV_READY) browser-ready
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --ignore tests/browser -n 2 --dist loadfile
	$(BIN)/python -m pytest tests/browser

frontend: $(DEV_READY)
	$(BIN)/python -m tools.frontend build

zoo: $(DEV_READY)
	$(BIN)/python -m tools.zoo

bench: $(DEV_READY)
	$(BIN)/python -m benchmarks.account
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.export
	$(BIN)/python -m benchmarks.browser
	$(BIN)/python -m benchmarks.latency

browser-ready:
	@sh tools/need_chromium.sh

$(RUN_READY): requirements.txt constraints.txt pyproject.toml
	sh tools/make_venv.sh $(PYTHON)
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(DEV_READY): $(RUN_READY) requirements-dev.txt requirements-oracles.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-oracles.txt
	@touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
