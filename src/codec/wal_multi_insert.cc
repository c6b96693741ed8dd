#include "codec/wal_multi_insert.h"

#include <numeric>

#include "codec/page_layout.h"
#include "codec/small_copy.h"

namespace owl::codec {
namespace {

// xl_multi_insert_tuple: length of what follows (u16), t_infomask2 (u16), t_infomask (u16), t_hoff (u8). What follows
// are the bytes of the tuple behind its fixed header of 23, as far as t_hoff the null bitmap. Each begins at an even
// place.
constexpr std::size_t tuple_header = 7, fixed_header = 23;

}  // namespace

bool MultiInsertWriter::put(std::span<const LaneRow> rows, const RowBases& bases, std::uint64_t key,
                            LanePlanner& planner, LaneWriter& lanes, StreamSet& streams) {
  const bool apart = take_apart(rows, bases);
  streams.byte(wal_stream::control, apart ? 1 : 0);
  if (!apart) return false;
  for (const auto* const values :
       {&sizes_, &counts_, &lengths_, &infomasks2_, &infomasks_, &header_sizes_, &padding_, &nulls_}) {
    numbers_.put(*values, streams);
  }
  xids_.assign(tuples_.size(), 0);
  lanes.put(tuples_, xids_, bases, planner.plan_for(key, tuples_, xids_, bases), streams);
  return true;
}

bool MultiInsertWriter::take_apart(std::span<const LaneRow> rows, const RowBases& bases) {
  for (auto* const values :
       {&sizes_, &counts_, &lengths_, &infomasks2_, &infomasks_, &header_sizes_, &padding_, &nulls_}) {
    values->clear();
  }
  tuples_.clear();
  for (const auto& row : rows) {
    const auto* const begin = bases.of(row);
    std::uint32_t at = 0;
    std::uint32_t count = 0;
    for (; at < row.size; ++count) {
      if (at % 2 != 0) padding_.push_back(begin[at++]);
      if (row.size - at < tuple_header) return false;
      const auto length = load<std::uint16_t>(begin + at);
      const std::uint8_t header_size = begin[at + 6];
      if (header_size < fixed_header) return false;
      const std::uint32_t nulls = header_size - std::uint32_t{fixed_header};
      if (length < nulls || length > row.size - at - tuple_header) return false;
      lengths_.push_back(length);
      infomasks2_.push_back(load<std::uint16_t>(begin + at + 2));
      infomasks_.push_back(load<std::uint16_t>(begin + at + 4));
      header_sizes_.push_back(header_size);
      at += tuple_header;
      nulls_.insert(nulls_.end(), begin + at, begin + at + nulls);
      tuples_.push_back({row.at + at + nulls, length - nulls});
      at += length;
    }
    sizes_.push_back(row.size);
    counts_.push_back(count);
  }
  return true;
}

LaneReader::Lane MultiInsertReader::read(StreamReader& reader, std::span<const std::uint32_t> record_xids,
                                         std::size_t limit, LaneReader& lanes) {
  const std::uint8_t apart = reader.byte(wal_stream::control);
  if (apart > 1) reader.fail();
  if (apart == 0 || !reader.ok()) return lanes.read(reader, record_xids, limit);
  if (!read_tuples(reader, record_xids.size(), limit)) return reader.fail(), LaneReader::Lane{};
  tuples_.clear();
  const auto data = tuples_.read(reader, xids_, limit);
  if (!reader.ok()) return {};
  LaneReader::Lane lane;
  auto* const to = lanes.add_rows(sizes_, total_, limit, lane);
  if (to == nullptr || !put_together(to, data)) reader.fail();
  return lane;
}

bool MultiInsertReader::read_tuples(StreamReader& reader, std::size_t rows, std::size_t limit) {
  for (auto* const values : {&sizes_, &counts_}) {
    values->resize(rows);
    read_numbers(reader, *values);
  }
  total_ = std::accumulate(sizes_.begin(), sizes_.end(), std::size_t{0});
  const auto count = std::accumulate(counts_.begin(), counts_.end(), std::size_t{0});
  if (!reader.ok() || total_ > limit || count > total_ / tuple_header) return false;
  for (auto* const values : {&lengths_, &infomasks2_, &infomasks_, &header_sizes_}) {
    values->resize(count);
    read_numbers(reader, *values);
  }
  if (!reader.ok() || !count_bytes()) return false;
  for (auto* const values : {&padding_, &nulls_}) {
    read_numbers(reader, *values);
    for (const auto value : *values) {
      if (value > UINT8_MAX) return false;
    }
  }
  xids_.assign(count, 0);
  return reader.ok();
}

/// How many bytes of padding and of null bitmaps there are; whether tuples fill their rows.
bool MultiInsertReader::count_bytes() {
  std::size_t padding = 0, nulls = 0, tuple = 0;
  for (std::size_t row = 0; row < sizes_.size(); ++row) {
    std::size_t at = 0;
    for (std::uint32_t i = 0; i < counts_[row]; ++i, ++tuple) {
      if (lengths_[tuple] > UINT16_MAX || infomasks2_[tuple] > UINT16_MAX || infomasks_[tuple] > UINT16_MAX ||
          header_sizes_[tuple] > UINT8_MAX || header_sizes_[tuple] < fixed_header ||
          lengths_[tuple] < header_sizes_[tuple] - fixed_header) {
        return false;
      }
      padding += at % 2;
      nulls += header_sizes_[tuple] - fixed_header;
      at += at % 2 + tuple_header + lengths_[tuple];
    }
    if (at != sizes_[row]) return false;
  }
  padding_.resize(padding);
  nulls_.resize(nulls);
  return true;
}

bool MultiInsertReader::put_together(std::uint8_t* to, LaneReader::Lane data) {
  const std::uint8_t* from = tuples_.row(data.begin);
  const std::uint32_t* size = tuples_.sizes() + data.first_size;
  std::size_t padding = 0, nulls = 0, tuple = 0;
  for (std::size_t row = 0; row < sizes_.size(); ++row) {
    const auto* const begin = to;
    for (std::uint32_t i = 0; i < counts_[row]; ++i, ++tuple) {
      if ((to - begin) % 2 != 0) *to++ = static_cast<std::uint8_t>(padding_[padding++]);
      const std::uint32_t bitmap = header_sizes_[tuple] - std::uint32_t{fixed_header};
      if (*size != lengths_[tuple] - bitmap) return false;
      store(to, static_cast<std::uint16_t>(lengths_[tuple]));
      store(to + 2, static_cast<std::uint16_t>(infomasks2_[tuple]));
      store(to + 4, static_cast<std::uint16_t>(infomasks_[tuple]));
      to[6] = static_cast<std::uint8_t>(header_sizes_[tuple]);
      to += tuple_header;
      for (std::uint32_t k = 0; k < bitmap; ++k) *to++ = static_cast<std::uint8_t>(nulls_[nulls++]);
      copy_small(to, from, *size);
      to += *size;
      from += *size;
      size += data.alike ? 0 : 1;
    }
  }
  return true;
}

}  // namespace owl::codec
