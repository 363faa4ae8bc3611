// A GPU imitated on the CPU, as far as the kernels of codec/cuda need one: they include this in the
// place of codec/cuda/intrinsics.cuh and are otherwise compiled unchanged.
//
// Resident blocks are threads of the host and run at the same time; the threads of a block are
// fibres that go on until they wait for one another, in an order that changes. Shared memory begins
// with rubbish and ends at a guard page. What the imitation cannot show: weak memory ordering,
// occupancy, time.
#pragma once

#include "codec/host_device.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

#define KVFERRY_KERNEL
#define KVFERRY_DEVICE inline
#define KVFERRY_GRID_CONSTANT
#define KVFERRY_RESIDENT(threads, blocks)
#define KVFERRY_UNROLL
#define KVFERRY_SHARED(Type, name) \
  Type& name = *static_cast<Type*>(::kvferry::codec::emulator::shared_memory(sizeof(Type)))

namespace kvferry::codec::emulator {

enum class Outcome : std::uint8_t {
  finished,
  stuck,       ///< every block waits for something that no other will do
  misaligned,  ///< an access that a GPU refuses
};

/// When block 0 gets its first turn: when it begins, or once all other resident blocks wait for it.
enum class FirstBlock : std::uint8_t { in_turn, held_back };

/// In which order things happen.
struct Schedule {
  unsigned resident_blocks = 4;
  std::uint64_t seed = 1;
  FirstBlock first_block = FirstBlock::in_turn;
};

class ResidentBlock;

/// Keeps the stacks of its fibres from one launch to the next.
class Device {
 public:
  explicit Device(std::uint32_t threads_per_block);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();

  template <typename Parameters>
  Outcome launch(void (*kernel)(Parameters), std::uint32_t blocks,
                 const std::type_identity_t<Parameters>& parameters, const Schedule& schedule) {
    return run([kernel, &parameters] { kernel(parameters); }, blocks, schedule);
  }

 private:
  Outcome run(const std::function<void()>& thread, std::uint32_t blocks, const Schedule& schedule);

  std::uint32_t threads_;
  std::vector<std::unique_ptr<ResidentBlock>> resident_;
};

// For the calling thread of the calling block.
std::uint32_t thread_index();
std::uint32_t block_index();
void* shared_memory(std::size_t bytes);
void wait_for_block();
/// Gives a word to the other threads of the warp and returns all 32.
const std::array<std::uint64_t, 32>& exchange_in_warp(std::uint64_t word);
/// Before a word of another block is looked at: now others may go on.
void let_others_run();
/// After a word that other blocks may wait for has been written.
void note_store();
void check_alignment(const void* address, std::size_t bytes);

}  // namespace kvferry::codec::emulator

namespace kvferry::codec::cuda {

inline std::uint32_t thread_index() {
  return emulator::thread_index();
}
inline std::uint32_t block_index() {
  return emulator::block_index();
}
inline void sync_block() {
  emulator::wait_for_block();
}

inline std::uint32_t warp_sum(std::uint32_t value) {
  std::uint32_t sum = 0;
  for (const std::uint64_t word : emulator::exchange_in_warp(value))
    sum += static_cast<std::uint32_t>(word);
  return sum;
}
inline std::uint32_t warp_ballot(bool vote) {
  const auto& votes = emulator::exchange_in_warp(vote ? 1 : 0);
  std::uint32_t ballot = 0;
  for (std::uint32_t lane = 0; lane < 32; ++lane)
    ballot |= static_cast<std::uint32_t>(votes[lane]) << lane;
  return ballot;
}
inline std::uint32_t warp_value_of(std::uint32_t value, std::uint32_t lane) {
  return static_cast<std::uint32_t>(emulator::exchange_in_warp(value)[lane]);
}
inline std::uint32_t warp_value_before(std::uint32_t value, std::uint32_t distance) {
  const std::uint32_t lane = emulator::thread_index() % 32;
  return static_cast<std::uint32_t>(
      emulator::exchange_in_warp(value)[lane >= distance ? lane - distance : lane]);
}

inline std::uint64_t load_relaxed(const std::uint64_t* from) {
  emulator::let_others_run();
  return __atomic_load_n(from, __ATOMIC_RELAXED);
}
inline void store_relaxed(std::uint64_t* to, std::uint64_t value) {
  emulator::let_others_run();
  __atomic_store_n(to, value, __ATOMIC_RELAXED);
  emulator::note_store();
}
inline void store_for_host(std::uint64_t* to, std::uint64_t value) {
  __atomic_store_n(to, value, __ATOMIC_RELAXED);
}
inline std::uint32_t count_around(std::uint32_t* counter, std::uint32_t last) {
  std::uint32_t before = __atomic_load_n(counter, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(counter, &before, before >= last ? 0 : before + 1, false,
                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  return before;
}
inline void lower_to(std::uint64_t* word, std::uint64_t value) {
  std::uint64_t before = __atomic_load_n(word, __ATOMIC_RELAXED);
  while (value < before && !__atomic_compare_exchange_n(word, &before, value, false,
                                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

template <std::size_t kWords>
inline void load_once(const std::byte* from, std::uint32_t (&words)[kWords]) {
  emulator::check_alignment(from, sizeof words);
  std::memcpy(words, from, sizeof words);
}
template <std::size_t kWords>
inline void store_once(std::byte* to, const std::uint32_t (&words)[kWords]) {
  emulator::check_alignment(to, sizeof words);
  std::memcpy(to, words, sizeof words);
}
template <typename Unsigned>
inline Unsigned load_once(const std::byte* from) {
  emulator::check_alignment(from, sizeof(Unsigned));
  Unsigned value{};
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <typename Unsigned>
requires std::is_unsigned_v<Unsigned>
inline void store_once(std::byte* to, Unsigned value) {
  emulator::check_alignment(to, sizeof value);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace kvferry::codec::cuda
