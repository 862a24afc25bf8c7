# Every verb sets up what it needs, inside the clone. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test unit e2e e2e-kubeflow flink e2e-flink spark columns tables nist certify bench bench-solve bench-arrays bench-elastic-net bench-glm bench-diagnostics bench-engines bench-records bad-days bench-serve soak hostile fuzz docs lint format lock image clean
BIN := .venv/bin

help:  ## list the verbs
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

.venv/installed: requirements/lock.txt requirements/build.txt requirements/get_uv.py requirements/bytecode.py requirements/install.sh setup.py
	@echo "setting up .venv (3.3 GB; once)"
	@sh requirements/install.sh

run: .venv/installed  ## from the taxi table to a pushed model
	@$(BIN)/plumbline run data/taxi/pipeline.yaml --root runs

test: .venv/installed  ## all tests, whole runs included, two at a time
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not kubeflow and not flink and not spark"

unit: .venv/installed  ## the quick tests, two at a time; none loads TensorFlow
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not e2e and not slow"

e2e: .venv/installed  ## the whole runs alone
	@$(BIN)/python -m pytest -m "e2e and not kubeflow and not flink and not spark"

e2e-kubeflow: .venv/installed  ## compiled pipelines, executed as Kubeflow and Vertex would
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m kubeflow

flink: .venv/installed  ## bring Flink 1.19.3 and Beam's runner for the tests (needs Java 17 and Maven)
	@sh tests/cluster/install.sh flink

e2e-flink: flink  ## the steps on a Flink cluster of two TaskManagers, started here (QUICK=1: as far as fits into CI)
	@$(BIN)/python -m pytest -m "flink$(if $(QUICK), and not slow)"

spark: .venv/installed  ## bring Spark 3.5.9 and Beam's runner for the tests (needs Java 17 and Maven), and try them
	@sh tests/cluster/install.sh spark
	@$(BIN)/python -m pytest -m spark

columns: .venv/installed  ## twelve random tables, CSV and Parquet, through whole runs and every way to ask
	@PLUMBLINE_TABLES=12 $(BIN)/python -m pytest tests/e2e/test_one_reading.py

tables: .venv/installed  ## init and run of CSV and Parquet twins, and how far the two fits differ (TABLES=folder)
	@$(BIN)/python -m benchmarks.ten_tables $(TABLES)

nist: .venv/installed  ## correct digits on NIST's certified regressions, beside its peers
	@$(BIN)/python -m benchmarks.nist $(DATA)

certify: .venv/installed  ## correct digits of the other families on models solved in 60 digits, beside its peers
	@$(BIN)/python -m benchmarks.certify

bench: .venv/installed  ## whole runs beside stock TFX (KINDS="taxi narrow mixed wide levels columns" ROWS="10000 1000000" RUNS=3)
	@$(BIN)/python -m benchmarks.whole_run --runs $(or $(RUNS),3) $(if $(ROWS),--rows $(ROWS)) $(if $(KINDS),--kinds $(KINDS))

bench-solve: .venv/installed  ## from a Parquet file to coefficients, beside peers (ROWS="1000000 10000000" RUNS=3 PEER_PYTHON=...)
	@$(BIN)/python -m benchmarks.solve --rows $(or $(ROWS),1000000 10000000) --runs $(or $(RUNS),3) $(ARGS)

bench-arrays: .venv/installed  ## fits of arrays in memory beside numpy and scikit-learn (SHAPES="100000x100 9000x3000" RUNS=3)
	@$(BIN)/python -m benchmarks.arrays $(if $(SHAPES),--shapes $(SHAPES)) --runs $(or $(RUNS),3)

bench-elastic-net: .venv/installed  ## an elastic net's path and cross-validation beside scikit-learn (SHAPES="200000x60 5000x1000" RUNS=3)
	@$(BIN)/python -m benchmarks.elastic_net $(if $(SHAPES),--shapes $(SHAPES)) --runs $(or $(RUNS),3)

bench-glm: .venv/installed  ## logit and Poisson beside their peers (ROWS="1000000 10000000" RUNS=1 PEER_PYTHON=...)
	@$(BIN)/python -m benchmarks.glm --rows $(or $(ROWS),1000000 10000000) --runs $(or $(RUNS),1) $(ARGS)

bench-diagnostics: .venv/installed  ## the pass that tells what to doubt, beside the fit and statsmodels (ROWS="1000000 10000000" RUNS=3)
	@$(BIN)/python -m benchmarks.diagnostics --rows $(or $(ROWS),1000000 10000000) --runs $(or $(RUNS),3) $(ARGS)

bench-engines: .venv/installed  ## whole runs on each engine, step by step, held against each other (ROWS=1000000 TABLES="seed mixed" ENGINES="local flink-2")
	@$(BIN)/python -m benchmarks.engines $(if $(ROWS),--rows $(ROWS)) $(if $(TABLES),--tables $(TABLES)) $(if $(ENGINES),--engines $(ENGINES)) $(ARGS)

bench-records: .venv/installed  ## how large the records are that an engine has to sort and send (ROOT=runs)
	@$(BIN)/python -m benchmarks.records --root $(or $(ROOT),runs)

bad-days: flink  ## kills under runs on a Flink cluster, and what a user sees then (ROWS=1000000 ARGS="--door portable")
	@$(BIN)/python -m benchmarks.bad_days --rows $(or $(ROWS),1000000) $(ARGS)

bench-serve: .venv/installed  ## the model server beside its peers (ROOT=runs BEFORE=checkout PEER_PYTHON=...)
	@$(BIN)/python -m benchmarks.serving --root $(or $(ROOT),runs) $(if $(BEFORE),--before $(BEFORE)) $(if $(PEER_PYTHON),--peer-python $(PEER_PYTHON)) $(ARGS)

soak: .venv/installed  ## the model server at full load while versions are published (ROOT=runs MINUTES=30)
	@$(BIN)/python -m benchmarks.soak --root $(or $(ROOT),runs) --minutes $(or $(MINUTES),30) $(ARGS)

hostile: .venv/installed  ## attacks on the model server, and what a neighbour waits meanwhile (ROOT=runs BEFORE=checkout)
	@$(BIN)/python -m benchmarks.hostile --root $(or $(ROOT),runs) $(if $(BEFORE),--before $(BEFORE)) $(ARGS)

fuzz: .venv/installed  ## REST and gRPC requests that atheris changes, against the model server (ROOT=runs SECONDS=600)
	@$(BIN)/python -m benchmarks.fuzz --root $(or $(ROOT),runs) --seconds $(or $(SECONDS),600) $(ARGS)

docs: .venv/installed  ## make docs/cli.md, docs/configuration.md and the JSON schema again, from the code
	@$(BIN)/python -m pipeline.cli.reference

lint: .venv/installed  ## ruff, mypy, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=. $(BIN)/lint-imports

format: .venv/installed  ## let ruff format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: .venv/installed  ## make requirements/lock.txt again (see requirements/README.md)
	@sh requirements/lock.sh

image:  ## the container image, by docker, podman or buildah (IMAGE=registry/plumbline:0.1.0 TARGET=serving BUILD_ARGS=...)
	@deploy/build.sh '$(IMAGE)'

clean:  ## remove what was set up and what ran
	rm -rf .venv .tools runs build dist *.egg-info
