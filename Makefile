# The two commands are `make run` and `make test`; everything else is what they are made of.

CARGO ?= cargo
VENVS ?= .venv
PACKAGES = acl attr binutils libvirt-clients libvirt-daemon-system libvirt-dev pkg-config python3 python3-venv \
    qemu-system-x86 strace util-linux
# Root where it is needed: nothing for root itself.
SUDO = $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: help run test lint bench packages venvs build
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: packages build ## install what is missing, and show novamend doing its main job
	@NOVAMEND=target/release/novamend docs/tour.sh

test: packages venvs ## install what the tests need, and run all of them
	NOVAMEND_VENVS="$(VENVS)" $(CARGO) test --workspace

lint: packages ## formatting, clippy and documentation, warnings denied
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --quiet

bench: venvs ## the figures of docs/performance.md
	NOVAMEND_VENVS="$(VENVS)" $(CARGO) bench

build: packages ## both programs, optimized, in target/release
	$(CARGO) build --workspace --release --quiet

venvs: packages ## the Python environments with real oslo.config and real nova that the tests compare with
	NOVAMEND_VENVS="$(VENVS)" tests/oracle/make-venvs

packages:
	@missing=$$(for package in $(PACKAGES); do \
	    dpkg-query -W -f='$${Status}\n' $$package 2>/dev/null | grep -q ' installed$$' || echo $$package; done); \
	if [ -n "$$missing" ]; then \
	    echo "installing:" $$missing; \
	    $(SUDO) apt-get update -qq && \
	    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
