// What the kernels need of a GPU beyond C++: who a thread is, what threads of a warp and of a block
// do together, and how memory is reached. Names of our own, so that an emulation of the device can
// define the same ones: tests build the kernels with KVFERRY_EMULATED_DEVICE naming its header.
#pragma once

#if defined(KVFERRY_EMULATED_DEVICE)
#include KVFERRY_EMULATED_DEVICE
#else

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#define KVFERRY_KERNEL __global__
#define KVFERRY_DEVICE __device__ __forceinline__
#define KVFERRY_GRID_CONSTANT __grid_constant__
#define KVFERRY_RESIDENT(threads, blocks) __launch_bounds__(threads, blocks)
#define KVFERRY_SHARED(Type, name) __shared__ Type name
#define KVFERRY_UNROLL _Pragma("unroll")

namespace kvferry::codec::cuda {

KVFERRY_DEVICE std::uint32_t thread_index() {
  return threadIdx.x;
}
KVFERRY_DEVICE std::uint32_t block_index() {
  return blockIdx.x;
}

/// All threads of the block; orders their accesses to shared and global memory.
KVFERRY_DEVICE void sync_block() {
  __syncthreads();
}

// All 32 threads of the warp together.

KVFERRY_DEVICE std::uint32_t warp_sum(std::uint32_t value) {
  return __reduce_add_sync(~0U, value);
}
/// Bit i: what thread i of the warp said.
KVFERRY_DEVICE std::uint32_t warp_ballot(bool vote) {
  return __ballot_sync(~0U, vote);
}
KVFERRY_DEVICE std::uint32_t warp_value_of(std::uint32_t value, std::uint32_t lane) {
  return __shfl_sync(~0U, value, static_cast<int>(lane));
}
/// The value `distance` threads before this one; its own in the first ones.
KVFERRY_DEVICE std::uint32_t warp_value_before(std::uint32_t value, std::uint32_t distance) {
  return __shfl_up_sync(~0U, value, distance);
}

// Words that blocks tell one another. Each word is complete in itself, so no order is asked for.

KVFERRY_DEVICE std::uint64_t load_relaxed(const std::uint64_t* from) {
  std::uint64_t value;
  asm volatile("ld.relaxed.gpu.global.u64 %0, [%1];" : "=l"(value) : "l"(from) : "memory");
  return value;
}
KVFERRY_DEVICE void store_relaxed(std::uint64_t* to, std::uint64_t value) {
  asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(to), "l"(value) : "memory");
}
/// As seen by the host, too.
KVFERRY_DEVICE void store_for_host(std::uint64_t* to, std::uint64_t value) {
  asm volatile("st.relaxed.sys.global.u64 [%0], %1;" ::"l"(to), "l"(value) : "memory");
}
/// Counts 0 ... last and starts anew; returns the number before.
KVFERRY_DEVICE std::uint32_t count_around(std::uint32_t* counter, std::uint32_t last) {
  return atomicInc(counter, last);
}
KVFERRY_DEVICE void lower_to(std::uint64_t* word, std::uint64_t value) {
  atomicMin(reinterpret_cast<unsigned long long*>(word), value);
}

// Global memory that is read or written once: it need not stay in the caches.

KVFERRY_DEVICE void load_once(const std::byte* from, std::uint32_t (&words)[4]) {
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
               : "l"(from));
}
KVFERRY_DEVICE void load_once(const std::byte* from, std::uint32_t (&words)[2]) {
  asm volatile("ld.global.nc.L1::no_allocate.v2.u32 {%0, %1}, [%2];"
               : "=r"(words[0]), "=r"(words[1])
               : "l"(from));
}
KVFERRY_DEVICE void store_once(std::byte* to, const std::uint32_t (&words)[4]) {
  __stcs(reinterpret_cast<uint4*>(to), make_uint4(words[0], words[1], words[2], words[3]));
}
KVFERRY_DEVICE void store_once(std::byte* to, const std::uint32_t (&words)[2]) {
  __stcs(reinterpret_cast<uint2*>(to), make_uint2(words[0], words[1]));
}
/// An unsigned integer of 1, 2, 4 or 8 bytes at an address that is a multiple of its size.
template <typename Unsigned>
KVFERRY_DEVICE Unsigned load_once(const std::byte* from) {
  return __ldcs(reinterpret_cast<const Unsigned*>(from));
}
template <typename Unsigned>
KVFERRY_DEVICE void store_once(std::byte* to, Unsigned value) {
  __stcs(reinterpret_cast<Unsigned*>(to), value);
}

}  // namespace kvferry::codec::cuda

#endif
