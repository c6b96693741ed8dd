#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "storage/object_store.h"

namespace owl::storage {

/// Requests by billing class and bytes, for one store. Class A: put, list, multipart; class B: get, head. Thread-safe.
struct MeterReading {
  std::uint64_t class_a = 0, class_b = 0, deletes = 0, bytes_up = 0, bytes_down = 0, retries = 0;
};

class Meter {
 public:
  MeterReading read() const;
  void count_a() { ++class_a_; }
  void count_b() { ++class_b_; }
  void count_delete() { ++deletes_; }
  void count_retry() { ++retries_; }
  void add_up(std::uint64_t bytes) { bytes_up_ += bytes; }
  void add_down(std::uint64_t bytes) { bytes_down_ += bytes; }

 private:
  std::atomic<std::uint64_t> class_a_{0}, class_b_{0}, deletes_{0}, bytes_up_{0}, bytes_down_{0}, retries_{0};
};

/// Wraps a store so that everything that passes is counted.
StorePtr metered(StorePtr inner, std::shared_ptr<Meter> meter);

}  // namespace owl::storage
