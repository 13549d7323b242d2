# Everything a person or a build calls. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first of these that runs and is 3.11 or newer (version managers leave shims that do not).
# Looked for once: a plain `?=` would do so wherever the name is used, for half a second each time.
ifndef PYTHON
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; \
	done; echo python3)
endif
ifeq ($(shell command -v $(PYTHON)),)
$(error There is no $(PYTHON) here. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.11)
endif
EMBEDDED := $(PYTHON) -m embedded
BIN := .venv/bin
WORKERS ?= 2
ARGS ?=
# Tests are full of made-up passwords, generated types of operations named after keys; there the
# forms of real vendors' keys are looked for.
NAMES_OF_SECRETS := tests frontend/src/api/types.ts
KNOWN_FORMS_ONLY := $(addprefix --disable-plugin ,KeywordDetector BasicAuthDetector \
	HexHighEntropyString Base64HighEntropyString)

# Only what was set is passed on, so that an empty PORT does not hide the default.
ifdef PORT
export PORT
endif
ifdef HOST
export HOST
endif
ifdef SENDGRID
export SENDGRID
endif

# Python compiles each module once and keeps it. A shell that forbids this beside the sources (many
# images do) would have every process of ours compile the whole of Django for seconds: there it is
# kept with the other things made here.
ifdef PYTHONDONTWRITEBYTECODE
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX ?= $(or $(TOOLBOXAI_LOCAL_DIR),$(CURDIR)/.local)/bytecode
endif

.PHONY: help up down reset status logs shell operator-code test coverage e2e crawl fleet processes fuzz clamav pooler promtool check \
	check-style check-types \
	check-floors check-migrations check-templates check-frontend check-secrets document clients check-clients translations recording format bench requirements install-dev

help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

up: ## Start everything (PORT=8010 for another port, SENDGRID=sandbox for mail with news); Ctrl-C stops it
	@$(EMBEDDED) up $(ARGS)

down: ## Stop everything; data is kept
	@$(EMBEDDED) down

reset: ## Delete all data of this checkout, after asking
	@$(EMBEDDED) reset $(ARGS)

status: ## What runs, and where
	@$(EMBEDDED) status || true

logs: ## Follow the logs (NAME=web for one)
	@$(EMBEDDED) logs --follow $(NAME)

shell: ## Django's shell, with the services around it
	@$(EMBEDDED) shell

operator-code: ## The operator's one-time code for the console
	@$(EMBEDDED) shell operator_code

test: install-dev ## All tests, in parallel, on real PostgreSQL and Valkey
	@$(EMBEDDED) exec --profile test -- $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

coverage: install-dev ## The same tests with coverage, line and branch; fails below 85 %
	@$(EMBEDDED) exec --profile test -- $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term:skip-covered tests/unit tests/integration tests/verification tests/fleet tests/crawl $(ARGS)

e2e: install-dev ## Browser tests in Chromium, with screenshots in artifacts/
	@$(EMBEDDED) exec --profile test -- $(BIN)/python -m pytest tests/functional $(ARGS)

crawl: install-dev ## Every address by everyone, and with the identifiers of another workspace
	@$(EMBEDDED) exec --profile test -- $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/crawl $(ARGS)

fleet: install-dev ## Migrations of many workspaces: recorded, rehearsed, rolled out and back
	@$(EMBEDDED) exec --profile test -- $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/fleet $(ARGS)

processes: install-dev ## Services and workers that are killed, stalled and restarted
	@$(EMBEDDED) npm ls pusher >/dev/null # with the packages that only tests need
	@$(EMBEDDED) exec --profile test -- $(BIN)/python -m pytest tests/processes $(ARGS)

fuzz: install-dev ## Every operation of the OpenAPI document with good and bad input, as every role
	@$(EMBEDDED) exec --profile test -- $(BIN)/python -m pytest tests/fuzz $(ARGS)

clamav: install-dev ## Virus scan on a real clamd (Debian's clamav-daemon)
	@$(EMBEDDED) exec --profile test -- $(BIN)/python -m pytest tests/clamav $(ARGS)

pooler: install-dev ## No workspace sees another's rows behind a real PgBouncer (Debian's pgbouncer)
	@$(EMBEDDED) exec --profile test -- $(BIN)/python -m pytest tests/pooler $(ARGS)

promtool: install-dev ## Alert rules, checked and tested by promtool (Debian's prometheus)
	@$(EMBEDDED) exec --profile test -- $(BIN)/python -m pytest tests/promtool $(ARGS)

check: check-style check-types check-floors check-migrations check-templates check-clients check-frontend check-secrets ## Style, types, floors, migrations, templates, front end, secrets

check-style: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy's Django plugin loads the settings, and these want the whole environment.
check-types: install-dev
	$(EMBEDDED) exec --profile test -- $(BIN)/mypy apps config embedded sandbox benchmarks manage.py

check-floors: install-dev
	$(BIN)/lint-imports

# Since the last release written down; loads the settings, asks no database.
check-migrations: install-dev
	$(EMBEDDED) exec --profile test -- $(BIN)/python manage.py fleet lint

check-templates: install-dev
	$(BIN)/djlint --lint --quiet templates apps

check-frontend: install-dev
	$(EMBEDDED) npm run check

check-secrets: install-dev
	git ls-files -z $(NAMES_OF_SECRETS:%=':!%') ':!requirements/*.txt' ':!package-lock.json' | xargs -0 $(BIN)/detect-secrets-hook --no-verify
	git ls-files -z $(NAMES_OF_SECRETS) | xargs -0 $(BIN)/detect-secrets-hook --no-verify $(KNOWN_FORMS_ONLY)

# The document of the API as the code says it; loads the settings, asks no database.
DOCUMENT := artifacts/openapi.json
document: install-dev
	@mkdir -p artifacts
	@$(EMBEDDED) exec --profile test -- $(BIN)/python manage.py spectacular --urlconf config.urls_workspace \
		--api-version v1 --format openapi-json --fail-on-warn --file $(DOCUMENT)

clients: document ## Generate the Python client and the front end's types anew
	$(BIN)/python clients/generate.py $(DOCUMENT)
	@$(EMBEDDED) exec --profile test -- $(BIN)/python manage.py events

check-clients: document
	$(BIN)/python clients/generate.py $(DOCUMENT) --check
	@$(EMBEDDED) exec --profile test -- $(BIN)/python manage.py events --check
	cd clients/python && ../../$(BIN)/mypy --config-file= --strict src

format: install-dev ## Put everything into the house style
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

bench: install-dev ## Measure; prints tables
	-@echo "== startup"; $(BIN)/python -m benchmarks.startup
	@for name in $(filter-out startup,$(basename $(notdir $(wildcard benchmarks/[a-z]*.py)))); do \
		echo "== $$name"; \
		$(EMBEDDED) exec --profile test -- $(BIN)/python -m benchmarks.$$name || exit 1; \
	done

recording: install-dev ## Record what Django sends to make a new database, after each new migration
	@$(EMBEDDED) exec --profile test -- $(BIN)/python manage.py fleet record

translations: ## Compile locale/*/LC_MESSAGES/django.po to what is read at run time
	$(BIN)/pybabel --quiet compile --directory locale --domain django

requirements: ## Compile requirements/*.in to pinned files with hashes (needs the network)
	@for name in base embedded production dev; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
			--no-emit-index-url --no-emit-find-links --no-strip-extras \
			requirements/$$name.in -o requirements/$$name.txt $(ARGS) || exit 1; \
	done

install-dev:
	@$(EMBEDDED) install --purpose dev --frontend
