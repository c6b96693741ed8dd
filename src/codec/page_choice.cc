#include "codec/page_choice.h"

#include <algorithm>
#include <map>

#include "codec/entropy.h"

namespace owl::codec {
namespace {

constexpr std::size_t sample_bytes = 128u << 10;
/// Text repeats itself from further away, which zstd finds in whole blobs alone.
constexpr std::size_t text_sample_bytes = 512u << 10;
/// Columns are proposed by the entropy of as many rows.
constexpr std::size_t sample_rows = ByteHistogram::most;
/// Splitting and the proof take time: they must spare as many percent of the bytes. Where nearly all goes through zstd
/// as text, once there and once back, that takes longer than zstd alone.
constexpr std::size_t least_percent = 4, least_percent_of_text = 25;
constexpr std::size_t text_percent = 60;

template <typename T>
unsigned bits_of(const std::vector<T>& values) {
  unsigned bits = 0;
  for (unsigned byte = 0; byte < sizeof(T); ++byte) {
    ByteHistogram histogram;
    for (const auto value : values) histogram.add(static_cast<std::uint8_t>(value >> (8 * byte)));
    bits += histogram.bits();
  }
  return bits;
}

/// Where the data of the sampled rows lies.
struct Rows {
  std::vector<const std::uint8_t*> data;
  std::vector<std::uint32_t> length;

  std::size_t with(std::size_t width) const {
    return static_cast<std::size_t>(std::ranges::count_if(length, [&](auto size) { return size >= width; }));
  }
  /// The numbers at one place of those rows that reach so far.
  template <typename T>
  std::vector<T> values(std::size_t at) const {
    std::vector<T> out;
    for (std::size_t i = 0; i < data.size() && out.size() < sample_rows; ++i) {
      if (length[i] >= at + sizeof(T)) out.push_back(load<T>(data[i] + at));
    }
    return out;
  }
};

template <typename T>
unsigned delta_bits(const std::vector<T>& values) {
  std::vector<T> deltas(values.size());
  to_deltas(values.data(), values.size(), T{0}, deltas.data());
  return bits_of(deltas);
}

/// The best form of every four or eight bytes of a row's beginning, as far as half of the rows reach.
ColumnList propose(const Rows& rows) {
  struct Slot {
    ColumnForm form;
    unsigned bits;
  };
  std::vector<Slot> slots;
  while ((slots.size() + 1) * 4 <= ColumnList::largest_width &&
         2 * rows.with((slots.size() + 1) * 4) > rows.data.size()) {
    const auto values = rows.values<std::uint32_t>(slots.size() * 4);
    const unsigned plain = bits_of(values), delta = delta_bits(values);
    slots.push_back(delta < plain ? Slot{ColumnForm::delta4, delta} : Slot{ColumnForm::planes4, plain});
  }
  ColumnList columns;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const bool pair = i % 2 == 0 && i + 1 < slots.size();
    if (pair && delta_bits(rows.values<std::uint64_t>(i * 4)) < slots[i].bits + slots[i + 1].bits) {
      columns.forms[columns.count++] = ColumnForm::delta8;
      ++i;
    } else {
      columns.forms[columns.count++] = slots[i].form;
    }
  }
  return columns;
}

ColumnList first_of(const ColumnList& columns, std::size_t count) {
  ColumnList out;
  out.count = static_cast<std::uint8_t>(count);
  std::copy_n(columns.forms.begin(), count, out.forms.begin());
  return out;
}

}  // namespace

std::vector<std::uint8_t> page_stream_groups() {
  std::vector<std::uint8_t> groups(page_stream::count);
  // Text is found again in text, old tuples in old ones.
  groups[page_stream::tail] = 1;
  groups[page_stream::hole] = 2;
  groups[page_stream::raw] = 3;
  return groups;
}

struct PageChooser::State {
  State(std::uint32_t block_size_, int level, int plain_level)
      : block_size(block_size_),
        splitter(block_size),
        streams(page_stream::count),
        frames(level, page_stream_groups()),
        plain(plain_level, Content::pages) {}

  /// Bytes with this scheme; `rows`, if given, gets those of heap or index pages.
  std::size_t size_with(const PageScheme& scheme, std::vector<Rows>* rows = nullptr);
  std::size_t plain_size();
  void take_sample(ByteView pages, std::uint32_t first, std::size_t bytes);
  PageScheme best_scheme(Care care, std::size_t& best_size);
  void choose_count(const ColumnList& proposed, ColumnList PageColumns::*columns, PageScheme& best,
                    std::size_t& best_size, Care care);

  const std::uint32_t block_size;
  PageSplitter splitter;
  StreamSet streams;
  StreamFramesEncoder frames;
  ZstdEncoder plain;
  Bytes out;
  ByteView sample;
  std::uint32_t first_block = 0;
  // Of the scheme that was tried last.
  std::uint32_t split_pages = 0;
  std::size_t tail_size = 0;
};

PageChooser::PageChooser(std::uint32_t block_size, int level, int plain_level)
    : state_(std::make_unique<State>(block_size, level, plain_level)) {}
PageChooser::PageChooser(PageChooser&&) noexcept = default;
PageChooser::~PageChooser() = default;

std::size_t PageChooser::State::size_with(const PageScheme& scheme, std::vector<Rows>* rows) {
  streams.clear();
  split_pages = 0;
  PageState pages(scheme.columns);
  for (std::size_t at = 0; at < sample.size(); at += block_size) {
    const auto block = first_block + static_cast<std::uint32_t>(at / block_size);
    const auto* const page = sample.data() + at;
    const auto outcome = splitter.split(page, block, PageSplitter::Checksums::trusted, scheme.holes, pages, streams);
    if (outcome != PageSplitter::Outcome::split) continue;
    ++split_pages;
    if (rows == nullptr) continue;
    const auto& items = splitter.items();
    auto& of_kind = (*rows)[splitter.was_heap() ? 0 : 1];
    for (std::uint32_t i = 0; i < items.count; ++i) {
      of_kind.data.push_back(page + items.data_offset[i]);
      of_kind.length.push_back(items.data_length[i]);
    }
  }
  tail_size = streams.view(page_stream::tail).size();
  out.resize(std::max(out.size(), frames.bound(streams.total_size())));
  return frames.encode(streams, out);
}

std::size_t PageChooser::State::plain_size() {
  out.resize(std::max(out.size(), ZstdEncoder::bound(sample.size())));
  return plain.encode(sample, out).size;
}

/// How many of the proposed columns: every fourth number first, then those beside the best.
void PageChooser::State::choose_count(const ColumnList& proposed, ColumnList PageColumns::*columns, PageScheme& best,
                                      std::size_t& best_size, Care care) {
  if (proposed.count == 0) return;
  const PageScheme base = best;
  std::map<std::size_t, std::size_t> tried{{0, best_size}};
  const auto attempt = [&](std::size_t count) {
    if (count > proposed.count || tried.contains(count)) return;
    PageScheme scheme = base;
    scheme.columns.*columns = first_of(proposed, count);
    const std::size_t size = size_with(scheme);
    tried[count] = size;
    if (size < best_size) {
      best_size = size;
      best = scheme;
    }
  };
  const std::size_t step = care == Care::much ? 4 : std::max<std::size_t>(1, (proposed.count + 1u) / 2);
  for (std::size_t count = step; count < proposed.count; count += step) attempt(count);
  attempt(proposed.count);
  if (care != Care::much) return;
  const std::size_t middle = (best.columns.*columns).count;
  for (std::size_t count = middle < 3 ? 0 : middle - 3; count <= middle + 3; ++count) attempt(count);
}

PageScheme PageChooser::State::best_scheme(Care care, std::size_t& best_size) {
  PageScheme best;
  std::vector<Rows> rows(2);
  best_size = size_with(best, &rows);
  const bool has_holes = !streams.view(page_stream::hole).empty();
  if (care != Care::little) {
    choose_count(propose(rows[0]), &PageColumns::heap, best, best_size, care);
    choose_count(propose(rows[1]), &PageColumns::index, best, best_size, care);
  }
  if (has_holes) {
    PageScheme scheme = best;
    scheme.holes = PageSplitter::Holes::with_tails;
    if (const std::size_t size = size_with(scheme); size < best_size) {
      best_size = size;
      best = scheme;
    }
  }
  return best;
}

/// From the middle: the first page of an index is unlike the others.
void PageChooser::State::take_sample(ByteView pages, std::uint32_t first, std::size_t bytes) {
  const std::size_t in_all = pages.size() / block_size;
  const std::size_t count = std::min(in_all, std::max<std::size_t>(4, bytes / block_size));
  const std::size_t begin = (in_all - count) / 2;
  sample = pages.subspan(begin * block_size, count * block_size);
  first_block = first + static_cast<std::uint32_t>(begin);
}

std::optional<PageScheme> PageChooser::choose(ByteView pages, std::uint32_t first_block, Care care) {
  auto& state = *state_;
  state.take_sample(pages, first_block, sample_bytes);
  std::size_t size = 0;
  const PageScheme best = state.best_scheme(care, size);
  if (std::size_t{2} * state.split_pages * state.block_size < state.sample.size()) return std::nullopt;
  const bool text = state.tail_size * 100 > state.sample.size() * text_percent;
  if (text && care != Care::little) {
    state.take_sample(pages, first_block, text_sample_bytes);
    size = state.size_with(best);
  }
  const std::size_t left_percent = 100 - (text ? least_percent_of_text : least_percent);
  if (size * 100 > state.plain_size() * left_percent) return std::nullopt;
  return best;
}

}  // namespace owl::codec
