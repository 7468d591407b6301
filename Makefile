# `make run` and `make test` set themselves up: the first call creates .venv and installs, later ones start at once.

SHELL := /bin/sh
PORT ?= 8501
PYTEST_ARGS ?=

venv := .venv
python := $(venv)/bin/python

# A stamp is named after the content of the files that it stands for, and is written only after pip succeeded.
digest = $(shell cat $(1) | cksum | tr -s ' \t' '-')
app_stamp := $(venv)/.app-$(call digest,requirements.txt constraints.txt)
dev_stamp := $(venv)/.dev-$(call digest,requirements.txt requirements-dev.txt constraints.txt)

# What the benchmark compares with stays out of $(venv); where it cannot be had, that comparison is left out.
peers := build/bench-peers
peers_stamp := $(peers)/.installed-$(call digest,requirements-bench.txt)

.PHONY: run test bench lint format clean distclean
.DEFAULT_GOAL := run

run: $(app_stamp)
	$(python) -m streamlit run dashboard/server.py --server.port $(PORT)

# As many at once as there are cores, each on one thread: two that share a core wait for one another. What drives a
# browser has the machine to itself.
test: $(dev_stamp)
ifeq ($(strip $(PYTEST_ARGS)),)
	OMP_NUM_THREADS=1 $(python) -m pytest -n logical --maxprocesses 4 --dist loadfile --ignore tests/browser
	$(python) -m pytest tests/browser
else
	$(python) -m pytest $(PYTEST_ARGS)
endif

bench: $(dev_stamp)
	@[ -e $(peers_stamp) ] || { rm -rf $(peers); \
	$(python) -m pip install --no-input --no-deps --retries 1 --timeout 15 --target $(peers) -r requirements-bench.txt \
	&& touch $(peers_stamp); } || echo "No tool to compare with could be installed; the rest is measured." >&2
	$(python) -m tests.bench

lint: $(dev_stamp)
	$(python) -m ruff check .
	$(python) -m ruff format --check .

format: $(dev_stamp)
	$(python) -m ruff check --fix .
	$(python) -m ruff format .

clean:
	rm -rf build .pytest_cache .ruff_cache
	find . -name .git -prune -o -name $(venv) -prune -o -type d -name __pycache__ -exec rm -rf {} +

distclean: clean
	rm -rf $(venv)

# memelite's motif comparison compiles for about a minute and a half when it is first used; numba keeps the result beside
# it. Where this fails, the app says so when motifs are asked for, and all else works.
define warm
@$(python) -c 'from core.attribution.tomtom import main; main()' || \
echo "Motifs could not be made ready; the app will try again when they are asked for." >&2
endef

# Old stamps go first: an interrupted change of versions must not pass for the set it started from.
define install
@$(usable_venv)
rm -f $(venv)/.app-* $(venv)/.dev-*
$(python) -m pip install --no-input -r $(1) -c constraints.txt
endef

# venv needs ensurepip, which some systems package on their own; half a venv has no pip and is made again.
define usable_venv
$(python) -m pip --version >/dev/null 2>&1 && exit 0; \
for candidate in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
  "$$candidate" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
  echo "Setting up $(venv) with $$candidate. This takes a few minutes, once."; \
  exec "$$candidate" -m venv --clear $(venv); \
done; \
echo "Attendome needs Python 3.11 or newer with the venv module (on Debian: apt-get install python3-venv)." >&2; \
echo "If yours has another name or place: make PYTHON=/path/to/python3" >&2; \
exit 1
endef

$(app_stamp):
	$(call install,requirements.txt)
	$(call warm)
	@touch $@

# The dev set contains the app's, so it earns both stamps.
$(dev_stamp):
	$(call install,requirements-dev.txt)
	$(call warm)
	@touch $(app_stamp) $@
