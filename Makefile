# Thin: the build lives in CMakeLists.txt and CMakePresets.json.
#   make run     installs what is missing, builds, compares raw and compressed hand-offs on a small scenario
#   make test    installs what is missing, builds, runs all tests
#   make asan    the tests once more under the address and undefined-behaviour sanitizers
#   make alone   builds, tests and installs the codec without the rest
#   make bench   speed of the codec beside memcpy, in one run
.PHONY: run test asan alone bench setup clean

run: setup
	cmake --preset release
	cmake --build --preset release
	build/release/cli/kvferry compare scenarios/quickstart.yaml --vary transfer.codec=none,splitzip

test: setup
	cmake --preset dev
	cmake --build --preset dev
	ctest --preset dev --parallel $$(nproc)

asan: setup
	cmake --preset asan
	cmake --build --preset asan
	ctest --preset asan --parallel $$(nproc)

alone: setup
	cmake -S codec -B build/alone -G Ninja -DKVFERRY_CODEC_BUILD_TESTS=ON
	cmake --build build/alone
	ctest --test-dir build/alone --output-on-failure --parallel $$(nproc)

bench: setup
	cmake --preset release
	cmake --build --preset release
	build/release/tests/benchmarks/codec_benchmark

setup:
	@.ci/setup

clean:
	rm -rf build
