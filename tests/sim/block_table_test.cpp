#include "sim/block_table.hpp"

#include "sim/base/random.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>

namespace kvferry::sim {
namespace {

TEST(BlockTable, RemembersWhatWasInsertedAndNotErased) {
  RandomStream random(20260801, "table operations");
  BlockTable table;
  std::map<std::uint64_t, std::uint32_t> expected;
  for (std::uint32_t step = 1; step <= 50'000; ++step) {
    const std::uint64_t key = random.below(400) << (step % 2 == 0 ? 0 : 55);
    const auto known = expected.find(key);
    ASSERT_EQ(table.find(key), known == expected.end() ? BlockTable::kNone : known->second);
    if (known == expected.end()) {
      table.insert(key, step);
      expected[key] = step;
    } else {
      table.erase(key);
      expected.erase(known);
    }
  }
  for (std::uint64_t key = 0; key < 400; ++key) {
    const auto known = expected.find(key);
    EXPECT_EQ(table.find(key), known == expected.end() ? BlockTable::kNone : known->second);
  }
}

}  // namespace
}  // namespace kvferry::sim
