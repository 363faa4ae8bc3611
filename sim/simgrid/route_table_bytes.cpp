#include "sim/simgrid/route_table_bytes.hpp"

#include <cassert>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <vector>

namespace kvferry::sim {
namespace {

class Writer {
 public:
  template <typename Number>
  requires std::is_arithmetic_v<Number>
  void put(Number number) { append(&number, sizeof number); }

  void put(const std::string& text) {
    put(text.size());
    append(text.data(), text.size());
  }

  void put(const topologies::Link& link) {
    put(link.name);
    put(link.capacity.value);
    put(link.latency.value);
  }

  template <typename Item>
  void put(const std::vector<Item>& items) {
    put(items.size());
    for (const Item& item : items) put(item);
  }

  std::string bytes;

 private:
  void append(const void* from, std::size_t size) {
    bytes.append(static_cast<const char*>(from), size);
  }
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename Number>
  requires std::is_arithmetic_v<Number>
  void get(Number& number) { std::memcpy(&number, take(sizeof number).data(), sizeof number); }

  void get(std::string& text) { text = take(size()); }

  void get(topologies::Link& link) {
    get(link.name);
    get(link.capacity.value);
    get(link.latency.value);
  }

  template <typename Item>
  void get(std::vector<Item>& items) {
    items.resize(size());
    for (Item& item : items) get(item);
  }

 private:
  std::size_t size() {
    std::size_t size = 0;
    get(size);
    return size;
  }

  std::string_view take(std::size_t size) {
    assert(size <= bytes_.size());
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  std::string_view bytes_;
};

}  // namespace

std::string to_bytes(const topologies::RouteTable& table) {
  Writer writer;
  writer.put(table.gpus);
  writer.put(table.links);
  writer.put(table.pairs.sources);
  writer.put(table.pairs.targets);
  writer.put(table.links_of_routes);
  writer.put(table.first);
  return std::move(writer.bytes);
}

topologies::RouteTable route_table_from(std::string_view bytes) {
  Reader reader(bytes);
  topologies::RouteTable table;
  reader.get(table.gpus);
  reader.get(table.links);
  reader.get(table.pairs.sources);
  reader.get(table.pairs.targets);
  reader.get(table.links_of_routes);
  reader.get(table.first);
  return table;
}

}  // namespace kvferry::sim
