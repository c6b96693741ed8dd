#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "codec/streams.h"

namespace owl::codec {

/// Arrays of 32-bit numbers of a WAL segment (block numbers, lengths, transaction ids): as they are or as differences,
/// cut into byte planes, of which those that never vary cost nothing. The reader knows how many numbers there are. One
/// thread at a time; memory is kept.
class NumberWriter {
 public:
  void put(std::span<const std::uint32_t> values, StreamSet& streams);

 private:
  void put_planes(std::span<const std::uint32_t> values, std::uint8_t form, StreamSet& streams);

  std::vector<std::uint32_t> deltas_;
  Bytes plane_;
};

/// Fills `values`. What is malformed fails the reader; the values are then anything.
void read_numbers(StreamReader& reader, std::span<std::uint32_t> values);

}  // namespace owl::codec
