#include "codec/files/tensor_name.hpp"

#include <gtest/gtest.h>

namespace kvferry::codec {
namespace {

struct Guess {
  const char* name;
  int layer;
  KvKind kind;
};

TEST(TensorName, LayerAndKindAreFoundInNamesOfCommonTools) {
  for (const auto& [name, layer, kind] :
       {Guess{"layers.12.k", 12, KvKind::key}, Guess{"layers.12.v", 12, KvKind::value},
        Guess{"model.layers.3.self_attn.v", 3, KvKind::value}, Guess{"key_cache.5", 5, KvKind::key},
        Guess{"past_key_values.7.key", 7, KvKind::key},
        Guess{"past_key_values.7.value", 7, KvKind::value},
        Guess{"Layer12.k_cache", 12, KvKind::key}, Guess{"layer_0/values", 0, KvKind::value},
        Guess{"K 4", 4, KvKind::key}, Guess{"batch2.layer9.keys", 9, KvKind::key}}) {
    const auto guess = guess_kv_tensor(name);
    ASSERT_TRUE(guess.has_value()) << name;
    EXPECT_EQ(guess->layer, layer) << name;
    EXPECT_EQ(guess->kind, kind) << name;
  }
}

TEST(TensorName, WeightsAndOtherNamesAreNotGuessed) {
  for (const char* name : {"layers.3.self_attn.k_proj.weight", "layers.3.k_norm", "key", "5", "",
                           "embedding", "layers.3", "k_scale.3", "a.1.2.k"}) {
    EXPECT_FALSE(guess_kv_tensor(name).has_value()) << name;
  }
}

TEST(TensorName, GroupsAreOrderedByLayerThenByName) {
  const TensorGroup first = group_of("layers.2.k");
  const TensorGroup second = group_of("layers.2.v");
  const TensorGroup third = group_of("layers.10.k");
  const TensorGroup last = group_of("embedding");
  EXPECT_TRUE(first < second && second < third && third < last);
  EXPECT_FALSE(first < group_of("cache.2.key") || group_of("cache.2.key") < first)
      << "the same layer and kind under another name";
  EXPECT_EQ(first.label(), "layer 2 K");
  EXPECT_EQ(last.label(), "embedding");
}

}  // namespace
}  // namespace kvferry::codec
