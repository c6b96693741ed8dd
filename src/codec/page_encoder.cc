#include "codec/page_encoder.h"

#include <algorithm>

#include "base/check.h"
#include "base/units.h"
#include "codec/page_choice.h"
#include "codec/stream_frames.h"

namespace owl::codec {
namespace {

/// Choices of so many relations are kept: backups go through files in order, so that the last few would do.
constexpr std::size_t kept_choices = 64;

/// A choice that holds for a whole relation is not made from less.
constexpr std::size_t least_sample = 64 * KiB;

PageChooser::Care care_for(std::uint64_t relation_bytes) {
  if (relation_bytes < 512 * KiB) return PageChooser::Care::little;
  return relation_bytes < 16 * MiB ? PageChooser::Care::some : PageChooser::Care::much;
}

}  // namespace

struct PageEncoder::State {
  explicit State(const Options& options_)
      : options(options_),
        splitter(options.block_size),
        chooser(options.block_size, options.level, options.plain_level),
        streams(page_stream::count),
        frames(options.level, page_stream_groups()),
        plain(options.plain_level, Content::pages) {}

  struct Choice {
    std::uint64_t relation = 0;
    std::optional<PageScheme> scheme;
  };

  std::optional<PageScheme> scheme_of(const PageBlob& blob);
  /// nullopt: it is better left alone, or does not come back.
  std::optional<std::size_t> split(const PageBlob& blob, const PageScheme& scheme, MutableBytes out);

  const Options options;
  PageSplitter splitter;
  PageChooser chooser;
  StreamSet streams;
  StreamFramesEncoder frames;
  ZstdEncoder plain;
  PageDecoder proof;
  PageBlobHeader header;
  Bytes header_bytes;
  std::vector<Choice> choices;
  std::size_t next_choice = 0;
  Counters counters;
};

PageEncoder::PageEncoder(const Options& options) : state_(std::make_unique<State>(options)) {}
PageEncoder::PageEncoder(PageEncoder&&) noexcept = default;
PageEncoder::~PageEncoder() = default;

const PageEncoder::Counters& PageEncoder::counters() const {
  return state_->counters;
}

std::size_t PageEncoder::bound(std::size_t plain_size) const {
  constexpr std::size_t fixed = 128, of_run = 10;
  const std::size_t runs = plain_size / state_->options.block_size * of_run;
  return fixed + runs + std::max(state_->frames.bound(largest_streams(plain_size)), ZstdEncoder::bound(plain_size));
}

/// What pays for the blob's relation: known from its other blobs, or found out now.
std::optional<PageScheme> PageEncoder::State::scheme_of(const PageBlob& blob) {
  if (blob.relation == 0) return PageScheme{};
  const auto known = std::ranges::find(choices, blob.relation, &Choice::relation);
  if (known != choices.end()) return known->scheme;
  if (blob.plain.size() < least_sample) return PageScheme{};  // too few pages to tell
  Choice choice{blob.relation,
                chooser.choose(blob.plain, blob.runs.front().first_block, care_for(blob.relation_bytes))};
  if (choices.size() < kept_choices) choices.emplace_back();
  choices[next_choice] = choice;
  next_choice = (next_choice + 1) % kept_choices;
  return choice.scheme;
}

std::optional<std::size_t> PageEncoder::State::split(const PageBlob& blob, const PageScheme& scheme, MutableBytes out) {
  using Checksums = PageSplitter::Checksums;
  const auto checksums = blob.checksums_hold ? Checksums::trusted : Checksums::computed;
  streams.clear();
  PageState pages(scheme.columns);
  const std::uint8_t* page = blob.plain.data();
  std::uint64_t split_pages = 0, other_pages = 0;
  for (const auto& run : blob.runs) {
    for (std::uint32_t i = 0; i < run.pages; ++i, page += options.block_size) {
      const auto outcome = splitter.split(page, run.first_block + i, checksums, scheme.holes, pages, streams);
      ++(outcome == PageSplitter::Outcome::split ? split_pages : other_pages);
    }
  }
  const std::size_t total = streams.total_size();
  if (split_pages < other_pages || total > largest_streams(blob.plain.size())) return std::nullopt;
  header = {options.block_size, scheme, {blob.runs.begin(), blob.runs.end()}};
  header_bytes.clear();
  put_page_blob_header(header, header_bytes);
  std::ranges::copy(header_bytes, out.begin());
  const std::size_t size = header_bytes.size() + frames.encode(streams, out.subspan(header_bytes.size()));
  if (size >= blob.plain.size()) return std::nullopt;
  if (!proof.gives(out.first(size), blob.plain)) {
    ++counters.fallbacks;
    return std::nullopt;
  }
  counters.split_pages += split_pages;
  counters.other_pages += other_pages;
  return size;
}

ZstdEncoder::Encoded PageEncoder::encode(const PageBlob& blob, MutableBytes out) {
  auto& state = *state_;
  std::uint64_t pages = 0;
  for (const auto& run : blob.runs) pages += run.pages;
  OWL_CHECK(pages * state.options.block_size == blob.plain.size(), "pages of another size than their runs say");
  OWL_CHECK(out.size() >= bound(blob.plain.size()), "the room for a blob of pages is less than its bound");
  if (pages != 0) {
    if (const auto scheme = state.scheme_of(blob)) {
      if (const auto size = state.split(blob, *scheme, out)) {
        ++state.counters.split_blobs;
        return {Codec::pages, *size};
      }
    }
  }
  ++state.counters.plain_blobs;
  return state.plain.encode(blob.plain, out);
}

}  // namespace owl::codec
