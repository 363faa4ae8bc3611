# Thin: the build lives in CMakeLists.txt and CMakePresets.json.
#   make run     installs what is missing, builds, compares raw and compressed hand-offs on a small scenario
#   make test    installs what is missing, runs all of: check, asan, alone, fuzz
#   make check   builds, runs all tests
#   make asan    the tests once more under the address and undefined-behaviour sanitizers
#   make alone   builds, tests and installs the codec without the rest
#   make fuzz    mutated frames and files for the readers of strangers' bytes, 30 s for each
#   make bench   speed of the codec beside memcpy, of flows on both network back-ends, and of the simulator beside itself
#                without skipped iterations
.PHONY: run test check asan alone fuzz bench setup clean

run: setup
	cmake --preset release
	cmake --build --preset release
	build/release/cli/kvferry compare scenarios/quickstart.yaml --vary transfer.codec=none,splitzip

test: check asan alone fuzz

check: setup
	cmake --preset dev
	cmake --build --preset dev
	ctest --preset dev --parallel $$(nproc)

asan: setup
	cmake --preset asan
	cmake --build --preset asan
	ctest --preset asan --parallel $$(nproc)

alone: setup
	cmake -S codec -B build/alone -G Ninja -DKVFERRY_CODEC_BUILD_TESTS=ON -DKVFERRY_CUDA=OFF
	cmake --build build/alone
	ctest --test-dir build/alone --output-on-failure --parallel $$(nproc)

fuzz: setup
	.ci/fuzz

bench: setup
	cmake --preset release
	cmake --build --preset release
	build/release/tests/benchmarks/codec_benchmark
	build/release/tests/benchmarks/flow_benchmark
	build/release/tests/benchmarks/bench_simulator

setup:
	@.ci/setup

clean:
	rm -rf build
