# Kernels with one fault each, to see whether the tests of the emulated device would notice it. The kernels' files are
# joined, changed in one place and put into a namespace of their own; all mutants are compiled together.
#   kvferry_add_mutant(<name> <text that occurs once> <text in its place>)
# A text that is no longer there, or not once, is an error when configuring.
set(KVFERRY_MUTANT_PARTS chunk_io ranks look_back encode_kernels decode_kernels)
set(kvferry_kernels "")
foreach(part IN LISTS KVFERRY_MUTANT_PARTS)
  set(part_file ${KVFERRY_SOURCE_ROOT}/codec/cuda/${part}.cuh)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${part_file})
  file(READ ${part_file} text)
  string(REGEX REPLACE "#(include|pragma)[^\n]*\n" "" text "${text}")
  string(APPEND kvferry_kernels "${text}")
endforeach()
set(kvferry_mutants "")
set(kvferry_mutant_rows "")

function(kvferry_add_mutant name original changed)
  string(FIND "${kvferry_kernels}" "${original}" first)
  string(FIND "${kvferry_kernels}" "${original}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "mutant ${name}: the kernels do not have this exactly once: ${original}")
  endif()
  string(REPLACE "${original}" "${changed}" text "${kvferry_kernels}")
  string(REPLACE "namespace kvferry::codec::cuda {" "namespace kvferry::codec::cuda::${name} {" text "${text}")
  set(kvferry_mutants "${kvferry_mutants}${text}" PARENT_SCOPE)
  set(kvferry_mutant_rows "${kvferry_mutant_rows}KVFERRY_MUTANT(${name})\n" PARENT_SCOPE)
endfunction()

kvferry_add_mutant(unchanged "lane <= lowest_bit(ends)" "lane <= lowest_bit(ends)")
kvferry_add_mutant(look_back_leaves_out_the_last_chunk "lane <= lowest_bit(ends)" "lane < lowest_bit(ends)")
kvferry_add_mutant(look_back_takes_words_of_other_runs
  "if (word >> kRunShift != run) return Published::nothing;" "")
kvferry_add_mutant(look_back_window_moves_by_one_too_few "above -= kWarpThreads" "above -= kWarpThreads - 1")
kvferry_add_mutant(runs_are_not_counted "run == kLastRun ? 1 : run + 1" "run")
kvferry_add_mutant(last_tensor_ends_the_run_for_all
  "count_around(&launch.run->tensors_ended, last) == last" "index == last")
kvferry_add_mutant(records_are_not_padded "shared.record[byte] = std::byte{0}" "static_cast<void>(shared)")
kvferry_add_mutant(tails_are_not_masked "bytes = bytes & inside;" "")
kvferry_add_mutant(records_are_copied_too_early "  sync_block();\n  place_record(chunk, plan);"
  "  place_record(chunk, plan);")
kvferry_add_mutant(raw_chunks_are_never_chosen "if (is_raw_smaller(kThis, values, escapes))"
  "if (is_raw_smaller(kThis, values, 0))")
kvferry_add_mutant(first_lanes_count_themselves_twice "if (lane >= distance) pair += before;" "pair += before;")
kvferry_add_mutant(directory_padding_is_not_written
  "               std::uint64_t{0});" "               std::uint64_t{1});")
kvferry_add_mutant(positions_may_be_anywhere "position < chunk.place.count && is_escape" "is_escape")
kvferry_add_mutant(positions_may_descend "(i == 0 || positions[i - 1] < position)" "true")
kvferry_add_mutant(records_may_lie_behind_the_frame " &&\n         end <= room" "")
kvferry_add_mutant(sentinels_are_not_counted "return counted.total == chunk.record.escapes;" "return true;")
kvferry_add_mutant(patches_come_before_the_values "    sync_block();\n    patch_escapes(chunk, book);"
  "    patch_escapes(chunk, book);")
kvferry_add_mutant(plane_padding_is_not_checked "if (!zero) chunk.report(" "if (false) chunk.report(")

file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/mutants.cpp @ONLY CONTENT [=[
// Written by tests/codec/cuda/mutants.cmake.
#include "codec/chunk_codec.hpp"
#include "codec/cuda/chunk_shape.hpp"
#include "codec/cuda/device_tasks.hpp"
#include "codec/cuda/header_check.hpp"
#include "codec/cuda/intrinsics.cuh"
#include "codec/cuda/octet.hpp"
#include "codec/header_hash.hpp"
#include "tests/codec/cuda/mutants.hpp"

@kvferry_mutants@
namespace kvferry::codec::cuda {

#define KVFERRY_KERNELS(name, ...) \
  { name::encode_kernel<__VA_ARGS__, name::BookKind::contiguous>, \
    name::encode_kernel<__VA_ARGS__, name::BookKind::any>, name::decode_kernel<__VA_ARGS__> }
#define KVFERRY_MUTANT(name) \
  { #name, KVFERRY_KERNELS(name, DType::bf16, 4, EscapeMode::positional), \
    KVFERRY_KERNELS(name, DType::bf16, 3, EscapeMode::sentinel) },

const std::vector<Mutant>& mutants() {
  static const std::vector<Mutant> all{
@kvferry_mutant_rows@};
  return all;
}

}  // namespace kvferry::codec::cuda
]=])
