# `make` builds, checks and tests everything; `make help` lists the rest.
# It needs Go and a POSIX shell. Servers that a test misses are skipped with
# their reason; these variables of the environment reach the tests:
#   REDOUBT_SERVERS=path,path      more server binaries than those on PATH
#   REDOUBT_REQUIRE_SERVERS=1      a missing server is a failure, not a skip

GO         ?= go
MODULES    := . bench
FUZZTIME   ?= 10s
BENCH_WORK ?= .
BENCH_JSON ?=
TESTFLAGS  ?=

# The tools are pinned in a module of their own, so that no user of the
# library sees their requirements.
TOOL = $(GO) tool -modfile='$(CURDIR)/tools/go.mod'

# $(call each,COMMAND) runs COMMAND in every module and stops at a failure.
each = @for module in $(MODULES); do \
	(cd "$$module" && echo "$$module: $(strip $(1))" && $(1)) || exit 1; done

# The race detector needs cgo and a C compiler. RACE=-race insists on it,
# RACE= goes without.
RACE ?= $(shell \
	if [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v $$($(GO) env CC) >/dev/null; \
	then echo -race; fi)

.DEFAULT_GOAL := all
.PHONY: all build vet lint fmt-check test demo bench fuzz docs tidy vuln help

all: build vet lint test ## build, vet, lint and test (the default)

build: ## compile every package of every module
	$(call each,$(GO) build ./...)

vet: ## run go vet
	$(call each,$(GO) vet ./...)

lint: ## run the linters (the first run builds them and takes minutes)
	$(call each,$(TOOL) golangci-lint run ./...)

fmt-check: ## list files that are not formatted, and fail if there are any
	@files="$$("$$($(GO) env GOROOT)/bin/gofmt" -l .)"; \
	[ -z "$$files" ] || { echo "not formatted, run gofmt -w:"; echo "$$files"; exit 1; }

test: ## run all tests, with the race detector where it can be built
	@[ -n "$(RACE)" ] || echo "no cgo or no C compiler: testing without the race detector"
	@$(GO) test $(RACE) -count=1 -v -run '^TestServersAreFound$$' ./conformance | \
		sed -n 's/^ *servers_test.go:[0-9]*: //p'
	$(call each,$(GO) test $(RACE) $(TESTFLAGS) ./...)

demo: ## walk through real failures on an embedded server
	@$(GO) run ./cmd/redoubt demo

bench: ## compare with the peers [BENCH_WORK=regexp] [BENCH_JSON=file]
	@cd bench && $(GO) run . -work '$(BENCH_WORK)' $(if $(BENCH_JSON),-json '$(abspath $(BENCH_JSON))')

fuzz: ## run every fuzz target for a while [FUZZTIME=10s]
	@grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u | \
	while read -r dir; do \
		for target in $$(cd "$$dir" && $(GO) test -list '^Fuzz' . | grep '^Fuzz'); do \
			echo "$$dir: $$target"; \
			(cd "$$dir" && $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) .) || exit 1; \
		done || exit 1; \
	done

docs: ## write the generated files anew
	$(GO) generate ./...

tidy: ## tidy every module, the library first
	@for module in $(MODULES) tools; do (cd "$$module" && $(GO) mod tidy) || exit 1; done

vuln: ## look for known vulnerabilities (asks a database on the network)
	$(call each,$(TOOL) govulncheck ./...)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
