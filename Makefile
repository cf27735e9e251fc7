# Two commands: `make run` (set up, then check the default expansion) and `make test`.
# Set-up needs root once, for distribution packages; it asks sudo if you are not root.

SCENARIO ?= scenarios/expansion-gia-nghia-quang-son.toml
PYTHON := .venv/bin/python
GIAOBAN := .venv/bin/giaoban

.PHONY: run test test-fast test-nightly setup setup-test setup-nightly check-style docs pictures bench clean lock sbom wheel image

# FAIL (1) and INVALID (3) are answers, too, and no error of make's.
run: setup
	$(GIAOBAN) check $(SCENARIO) || case $$? in 1|3) ;; *) exit $$? ;; esac

# style and types as well, beside the tests
test: setup-test
	@scripts/test

# only what computes, and not for long: no guest, nothing in real time
test-fast: setup-test
	@scripts/test --fast

# what takes too long for every day
test-nightly: setup-nightly
	@scripts/test --nightly

setup:
	@scripts/setup

setup-test:
	@scripts/setup --test

setup-nightly:
	@scripts/setup --nightly

check-style: setup-test
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

# The documents as a site in both languages, in site/; nothing is loaded from elsewhere.
docs: setup-test
	$(PYTHON) -m scripts.docs
	@echo "to read and search it: $(PYTHON) -m http.server -b 127.0.0.1 -d site"

# What the README shows, of two checks of the default expansion.
pictures: setup-test
	$(PYTHON) -m scripts.docs.pictures

bench: setup-test
	@scripts/setup --bench
	$(PYTHON) -m bench

# Versions and hashes of all dependencies anew (requirements/); UPGRADE=--upgrade takes newer ones.
COMPILE = $(PYTHON) -m uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url $(UPGRADE) pyproject.toml requirements/build.in
lock: setup-test
	$(PYTHON) -m pip install --quiet uv
	$(COMPILE) --extra all --output-file requirements/all.txt
	$(COMPILE) --extra all --extra dev --constraints requirements/all.txt --output-file requirements/dev.txt

# What the program is made of, with versions and licences (CycloneDX).
sbom: setup
	$(PYTHON) -m pip install --quiet cyclonedx-bom
	$(PYTHON) -m cyclonedx_py environment --pyproject pyproject.toml --output-file sbom.json

# What others install, in dist/.
wheel: setup
	rm -rf build dist && $(PYTHON) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

# The same as an image with the sandbox kernel in it; BUILDER may be docker.
BUILDER ?= podman
image: wheel
	$(BUILDER) build --tag giaoban --file Containerfile $(IMAGE_OPTIONS) .

# The virtual environment only; the sandbox kernel stays in the user's cache.
clean:
	rm -rf .venv
