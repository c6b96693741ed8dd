#include "cluster/page_verifier.h"

#include <algorithm>

namespace owl::cluster {
namespace {

constexpr int readings = 6;
constexpr std::chrono::milliseconds pause{5};

enum class Verdict { good, damaged };

Verdict reread(MutableBytes page, const PageSource& source, std::uint32_t index, Clock& clock) {
  Bytes again(page.size());
  const std::uint64_t offset = source.offset + std::uint64_t{index} * source.block_size;
  for (int reading = 0; reading < readings; ++reading) {
    clock.sleep(pause, {});
    const auto size = os::read_at(source.file, again, offset, source.name);
    if (size < again.size()) return Verdict::good;  // truncated away meanwhile: WAL says so, too
    const bool changed = !std::ranges::equal(again, page);
    std::ranges::copy(again, page.begin());
    if (postgres::judge_page(page, source.first_block + index, true) != postgres::PageState::bad) return Verdict::good;
    if (changed) return Verdict::good;
  }
  return Verdict::damaged;
}

}  // namespace

std::vector<std::uint32_t> verify_pages(MutableBytes pages, const PageSource& source, Clock& clock) {
  std::vector<std::uint32_t> bad;
  postgres::find_bad_pages(pages, source.block_size, source.first_block, source.checksums, bad);
  std::erase_if(bad, [&](std::uint32_t index) {
    const auto page = pages.subspan(std::size_t{index} * source.block_size, source.block_size);
    return reread(page, source, index, clock) == Verdict::good;
  });
  return bad;
}

}  // namespace owl::cluster
