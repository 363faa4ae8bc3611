#include "tests/codec/emulator/device.hpp"

#include "tests/codec/emulator/pages.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <thread>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#if !defined(__x86_64__)
#error "switch_stacks() is written for x86-64; CMakeLists.txt leaves the emulator out elsewhere"
#endif

// Saves what a called function must preserve on the stack, keeps its place in *from, and goes on
// where `to` was saved.
extern "C" void kvferry_switch_stacks(void** from, void* to);
asm(R"(
.text
.globl kvferry_switch_stacks
.type kvferry_switch_stacks, @function
kvferry_switch_stacks:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
.size kvferry_switch_stacks, .-kvferry_switch_stacks
)");

namespace kvferry::codec::emulator {
namespace {

constexpr std::size_t kStackBytes = std::size_t{64} << 10;
constexpr std::size_t kSharedBytes = std::size_t{48} << 10;  // what every GPU has
constexpr std::uint32_t kWarp = 32;
// Between two stores to words that others wait for, or the end of a block, the kernels wait for one
// another far less often than this.
constexpr int kPassesUntilIdle = 200;

/// What the host threads of a launch share.
struct LaunchState {
  std::atomic<std::uint32_t> next_block{0};
  std::atomic<std::uint64_t> stores{1};
  std::atomic<bool> stuck{false};
  std::atomic<bool> misaligned{false};
  /// Per host thread: the count of stores in which it found nothing to do; kBusy, kGone.
  std::vector<std::atomic<std::uint64_t>> idle_at;
  explicit LaunchState(unsigned threads) : idle_at(threads) {}
};
constexpr std::uint64_t kBusy = 0;
constexpr std::uint64_t kGone = ~std::uint64_t{0};

struct Fibre {
  void* stack_pointer = nullptr;
  void* sanitizer_stack = nullptr;
  bool ended = false;
};

struct Warp {
  std::array<std::array<std::uint64_t, kWarp>, 2> words{};
  std::uint32_t exchanges = 0;
  std::uint32_t arrived = 0;
};

std::uint64_t next_random(std::uint64_t& state) {
  state = state * 6364136223846793005U + 1442695040888963407U;
  return state >> 33;
}

}  // namespace

class ResidentBlock {
 public:
  explicit ResidentBlock(std::uint32_t threads)
      : threads_(threads),
        stacks_(kStackBytes * threads),
        shared_(kSharedBytes),
        fibres_(threads),
        warps_(threads / kWarp) {}

  /// Works on blocks of the launch until none is left, or all are stuck.
  void work(const std::function<void()>& thread, std::uint32_t blocks, unsigned self,
            const Schedule& schedule, LaunchState& launch);

  std::uint32_t thread() const { return current_; }
  std::uint32_t block() const { return block_; }
  LaunchState& launch() const { return *launch_; }

  void* shared_memory(std::size_t bytes) const { return shared_.end() - (bytes + 15) / 16 * 16; }

  void wait_for_block() {
    const std::uint32_t barrier = barriers_;
    ++arrived_;
    release_barrier();
    while (barriers_ == barrier) leave_fibre();
  }

  const std::array<std::uint64_t, kWarp>& exchange(std::uint64_t word) {
    Warp& warp = warps_[current_ / kWarp];
    const std::uint32_t exchange = warp.exchanges;
    warp.words[exchange % 2][current_ % kWarp] = word;
    if (++warp.arrived == kWarp) {
      warp.arrived = 0;
      ++warp.exchanges;
    }
    while (warp.exchanges == exchange) leave_fibre();
    return warp.words[exchange % 2];
  }

  void leave_fibre() { switch_from(fibres_[current_], true); }

 private:
  static void fibre_entry();

  bool run_block(std::uint32_t block, unsigned self);
  void prepare(Fibre& fibre, std::uint32_t index);
  void run_fibre(std::uint32_t index);
  void switch_from(Fibre& fibre, bool comes_back);
  bool is_stuck(unsigned self, std::uint64_t stores);

  void wait_until_others_idle(unsigned self) const {
    const auto is_idle = [&](unsigned host) {
      const std::uint64_t at = launch_->idle_at[host];
      return host == self || at == kGone || (at != kBusy && at == launch_->stores);
    };
    for (unsigned host = 0; host < launch_->idle_at.size();) {
      if (is_idle(host)) {
        ++host;
      } else {
        host = 0;
        std::this_thread::yield();
      }
    }
  }

  // As a block that was given a place, but no turn yet.
  void let_others_go_first() {
    for (std::uint64_t turns = next_random(random_) % 64; turns > 0; --turns)
      std::this_thread::yield();
  }

  // Threads that have ended are not waited for, as on a GPU.
  void release_barrier() {
    if (arrived_ == 0 || arrived_ < alive_) return;
    arrived_ = 0;
    ++barriers_;
  }

  std::uint32_t threads_;
  GuardedPages stacks_;
  GuardedPages shared_;
  std::vector<Fibre> fibres_;
  std::vector<Warp> warps_;
  const std::function<void()>* body_ = nullptr;
  LaunchState* launch_ = nullptr;
  void* scheduler_ = nullptr;
  void* scheduler_sanitizer_stack_ = nullptr;
  const void* host_stack_ = nullptr;
  std::size_t host_stack_bytes_ = 0;
  std::uint32_t current_ = 0;
  std::uint32_t block_ = 0;
  std::uint32_t alive_ = 0;
  std::uint32_t barriers_ = 0;
  std::uint32_t arrived_ = 0;
  std::uint64_t random_ = 0;
};

namespace {
thread_local ResidentBlock* running = nullptr;
}

// The sanitizer is told of every change of stacks.
void ResidentBlock::switch_from(Fibre& fibre, [[maybe_unused]] bool comes_back) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(comes_back ? &fibre.sanitizer_stack : nullptr, host_stack_,
                                 host_stack_bytes_);
#endif
  kvferry_switch_stacks(&fibre.stack_pointer, scheduler_);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fibre.sanitizer_stack, nullptr, nullptr);
#endif
}

void ResidentBlock::run_fibre(std::uint32_t index) {
  Fibre& fibre = fibres_[index];
  current_ = index;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&scheduler_sanitizer_stack_, stacks_.begin() + kStackBytes * index,
                                 kStackBytes);
#endif
  kvferry_switch_stacks(&scheduler_, fibre.stack_pointer);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(scheduler_sanitizer_stack_, nullptr, nullptr);
#endif
}

void ResidentBlock::fibre_entry() {
  ResidentBlock& block = *running;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &block.host_stack_, &block.host_stack_bytes_);
#endif
  (*block.body_)();
  Fibre& fibre = block.fibres_[block.current_];
  fibre.ended = true;
  --block.alive_;
  block.release_barrier();
  block.switch_from(fibre, false);
  std::abort();  // an ended fibre is not run again
}

// The stack as kvferry_switch_stacks() would have left it, with fibre_entry() to return to.
void ResidentBlock::prepare(Fibre& fibre, std::uint32_t index) {
  constexpr std::size_t kSavedRegisters = 6;
  auto* const top = reinterpret_cast<void**>(stacks_.begin() + kStackBytes * (index + 1));
  void** const frame = top - 2 - kSavedRegisters;
  std::fill(frame, top, nullptr);
  frame[kSavedRegisters] = reinterpret_cast<void*>(&fibre_entry);
  fibre = {frame, nullptr, false};
}

bool ResidentBlock::is_stuck(unsigned self, std::uint64_t stores) {
  launch_->idle_at[self] = stores;
  const bool all_idle =
      std::all_of(launch_->idle_at.begin(), launch_->idle_at.end(), [&](const auto& idle_at) {
        const std::uint64_t at = idle_at;
        return at == kGone || at == stores;
      });
  if (all_idle && launch_->stores == stores) launch_->stuck = true;
  return launch_->stuck;
}

bool ResidentBlock::run_block(std::uint32_t block, unsigned self) {
  block_ = block;
  alive_ = threads_;
  barriers_ = arrived_ = 0;
  std::fill(warps_.begin(), warps_.end(), Warp{});
  std::memset(shared_.begin(), 0xa5, shared_.size());
  if (next_random(random_) % 8 == 0) let_others_go_first();
  for (std::uint32_t i = 0; i < threads_; ++i) prepare(fibres_[i], i);
  std::uint64_t stores = launch_->stores;
  launch_->idle_at[self] = kBusy;
  int passes = 0;
  while (alive_ > 0) {
    const auto first = static_cast<std::uint32_t>(next_random(random_) % threads_);
    for (std::uint32_t i = 0; i < threads_; ++i) {
      const std::uint32_t index = (first + i) % threads_;
      if (!fibres_[index].ended) run_fibre(index);
    }
    if (launch_->stuck) return false;
    if (const std::uint64_t now = launch_->stores; now != stores) {
      stores = now;
      passes = 0;
      launch_->idle_at[self] = kBusy;
    } else if (++passes > kPassesUntilIdle) {
      if (is_stuck(self, stores)) return false;
      std::this_thread::yield();
    }
    if (next_random(random_) % 8 == 0) std::this_thread::yield();
  }
  return true;
}

void ResidentBlock::work(const std::function<void()>& thread, std::uint32_t blocks, unsigned self,
                         const Schedule& schedule, LaunchState& launch) {
  running = this;
  body_ = &thread;
  launch_ = &launch;
  random_ = schedule.seed * 2654435761U + self;
  for (std::uint32_t block = launch.next_block++; block < blocks; block = launch.next_block++) {
    if (block == 0 && schedule.first_block == FirstBlock::held_back) wait_until_others_idle(self);
    if (!run_block(block, self)) break;
    ++launch.stores;
  }
  launch.idle_at[self] = kGone;
#if defined(__SANITIZE_ADDRESS__)
  // Fibres that were given up have left marks on their stacks.
  ASAN_UNPOISON_MEMORY_REGION(stacks_.begin(), stacks_.size());
#endif
}

Device::Device(std::uint32_t threads_per_block) : threads_(threads_per_block) {}
Device::~Device() = default;

Outcome Device::run(const std::function<void()>& thread, std::uint32_t blocks,
                    const Schedule& schedule) {
  while (resident_.size() < schedule.resident_blocks)
    resident_.push_back(std::make_unique<ResidentBlock>(threads_));
  LaunchState launch(schedule.resident_blocks);
  std::vector<std::thread> hosts;
  for (unsigned i = 0; i < schedule.resident_blocks; ++i) {
    hosts.emplace_back([&, i] { resident_[i]->work(thread, blocks, i, schedule, launch); });
  }
  for (std::thread& host : hosts) host.join();
  if (launch.stuck) return Outcome::stuck;
  return launch.misaligned ? Outcome::misaligned : Outcome::finished;
}

std::uint32_t thread_index() {
  return running->thread();
}
std::uint32_t block_index() {
  return running->block();
}
void* shared_memory(std::size_t bytes) {
  return running->shared_memory(bytes);
}
void wait_for_block() {
  running->wait_for_block();
}
const std::array<std::uint64_t, 32>& exchange_in_warp(std::uint64_t word) {
  return running->exchange(word);
}
void let_others_run() {
  running->leave_fibre();
}
void note_store() {
  ++running->launch().stores;
}
void check_alignment(const void* address, std::size_t bytes) {
  if (reinterpret_cast<std::uintptr_t>(address) % bytes != 0) running->launch().misaligned = true;
}

}  // namespace kvferry::codec::emulator
