# jem: the commands a user types.  CMake does the building.
#
#   make            build the program and the libraries; what is missing is named, not installed
#   make deps       install the Debian packages that are missing (apt-get, with sudo if need be)
#   make demo       deps, build, run the main job on rendered images
#   make test       deps, build with the tests, run them all
#   make test-avx2  what computes, tested once more as on a processor without AVX-512
#   make install    PREFIX=/usr/local
#   make wheel      the Python wheel, build-wheel/dist/*.whl (its tools come from the package index)
#   make wheel-test the wheel in an empty environment: its tests, from an empty folder
#   make perf       timings beside PyTorch, diffusers, NumPy, pandas and SciPy (needs all of them)
#   make sanitize   every test under the address and undefined-behaviour sanitizers
#                   (SANITIZE=thread: under the thread sanitizer)
#   make test-cuda  the GPU backend's tests on a GPU (needs the CUDA toolkit with cuDNN 9)
#   make valgrind   every test that is not too slow for it, under valgrind
#   make fuzz       hostile files for every reader, FUZZ_SECONDS each (needs clang)
#   make long-test  what takes longer than a test may: studies on a Slurm cluster (Debian: slurm-wlm munge),
#                   the notebooks of examples/notebooks
#   make arm64-test cross-compile for arm64 and run the tests that are not slow in an emulator

BUILD ?= build
PREFIX ?= /usr/local
DEMO ?= demo
JOBS ?= $(shell nproc)
CMAKE_FLAGS ?=
SANITIZE ?= address,undefined
FUZZ_SECONDS ?= 60

.PHONY: all tests deps demo test test-avx2 test-cuda install wheel wheel-test perf sanitize valgrind fuzz long-test arm64-test clean
.NOTPARALLEL: # packages first
MAKEFLAGS += --no-print-directory

BUILD_TARGET = @scripts/build $(BUILD) $(JOBS) $(1) -DCMAKE_INSTALL_PREFIX=$(PREFIX) $(CMAKE_FLAGS)

all:
	$(call BUILD_TARGET,product)

tests:
	$(call BUILD_TARGET,all)

deps:
	@scripts/install-deps

demo: deps all
	@scripts/demo $(BUILD)/jem $(DEMO)

test: deps tests
	@scripts/run-tests $(BUILD) -j $(JOBS)

# oneDNN and jem's own kernels look at the same variable.
test-avx2: tests
	@ONEDNN_MAX_CPU_ISA=AVX2 scripts/run-tests $(BUILD) -j $(JOBS) \
	    -R '^(energy|backend|nn|model|train|estimate|run)/'

test-cuda:
	@$(MAKE) tests CMAKE_FLAGS="$(CMAKE_FLAGS) -DJEM_CUDA=ON"
	@scripts/run-tests $(BUILD) -L gpu

install: all
	cmake --install $(BUILD)

wheel:
	@CMAKE_FLAGS="$(CMAKE_FLAGS)" scripts/wheel build-wheel $(JOBS)

wheel-test: wheel
	@scripts/wheel-test build-wheel/dist/*.whl

perf: all
	$(call BUILD_TARGET,stat_bench)
	$(call BUILD_TARGET,sweetspot_coverage)
	$(call BUILD_TARGET,autoencoder_bench)
	$(call BUILD_TARGET,library_calls)
	python3 perf/compare_statistics.py $(BUILD)/stat_bench
	python3 perf/compare.py $(BUILD)/jem
	python3 perf/python_overhead.py $(BUILD)/library_calls
	python3 perf/peer_diffusers.py $(BUILD)/autoencoder_bench

sanitize:
	@$(MAKE) test BUILD=build-sanitize CMAKE_FLAGS="-DJEM_SANITIZE=$(SANITIZE) -DCMAKE_BUILD_TYPE=RelWithDebInfo"

valgrind:
	@$(MAKE) tests BUILD=build-valgrind CMAKE_FLAGS="-DJEM_VALGRIND=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo"
	@scripts/run-tests build-valgrind -LE slow -j $(JOBS)

fuzz: deps
	@scripts/fuzz build-fuzz $(FUZZ_SECONDS)

long-test: all
	@tests/system/slurm.sh $(BUILD)/jem long
	@tests/python/notebooks.sh $(BUILD)/libjem.so $(BUILD)/notebooks

arm64-test:
	@scripts/arm64-test build-arm64 $(JOBS)

clean:
	rm -rf build build-sanitize build-valgrind build-fuzz build-arm64 build-wheel
