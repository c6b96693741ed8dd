#include "codec/wal_images.h"

#include <limits>
#include <optional>

namespace owl::codec {
namespace {

/// In the array of bimg_info: the image is kept as it is.
constexpr std::uint32_t kept_flag = 0x100;

/// Numbers of those that are to be in order of their relation: counts become beginnings, then the places to fill.
void begin_from_counts(std::vector<std::uint32_t>& counts) {
  std::uint32_t before = 0;
  for (auto& count : counts) {
    const std::uint32_t own = count;
    count = before;
    before += own;
  }
}

void put_columns(const ColumnList& columns, StreamSet& streams) {
  streams.byte(wal_stream::control, columns.count);
  for (const auto form : columns.view()) streams.byte(wal_stream::control, static_cast<std::uint8_t>(form));
}

/// Can an image's header be told from its page?
bool is_page(const WalImage& image, ByteView segment, const WalPages& pages) {
  if (image.is_compressed) return false;
  if ((image.info & wal_layout::image::has_hole) == 0) return image.size == wal_image_page_size && image.hole_at == 0;
  if (image.size >= wal_image_page_size || image.hole_at > image.size || image.hole_at < page_at::items) return false;
  std::array<std::uint8_t, page_at::items> head;
  auto* to = head.data();
  pages.for_each_part(image.at, head.size(), [&](std::uint32_t at, std::uint32_t part) {
    std::memcpy(to, segment.data() + at, part);
    to += part;
  });
  const std::uint32_t hole = wal_image_page_size - image.size;
  return load<std::uint16_t>(head.data() + page_at::lower) == image.hole_at &&
         load<std::uint16_t>(head.data() + page_at::upper) == image.hole_at + hole;
}

ColumnList read_columns(StreamReader& reader) {
  ColumnList columns;
  const std::uint8_t count = reader.byte(wal_stream::control);
  if (count > ColumnList::largest_count) reader.fail();
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    const std::uint8_t form = reader.byte(wal_stream::control);
    if (form >= column_forms) return reader.fail(), ColumnList{};
    columns.forms[columns.count++] = static_cast<ColumnForm>(form);
    if (columns.width() > ColumnList::largest_width) return reader.fail(), ColumnList{};
  }
  return columns;
}

}  // namespace

void WalImageSplitter::put(const ParsedWal& parsed, ByteView segment, const WalPages& pages, StreamSet& streams) {
  put_kinds(parsed, segment, pages, streams);
  put_pages(parsed, segment, pages, streams);
}

/// Puts an image's page together, zeros in its hole.
void WalImageSplitter::load_page(const WalImage& image, ByteView segment, const WalPages& pages) {
  const std::uint32_t hole = wal_image_page_size - image.size;
  std::uint8_t* to = page_.data();
  const auto copy = [&](std::uint32_t at, std::uint32_t part) {
    std::memcpy(to, segment.data() + at, part);
    to += part;
  };
  pages.for_each_part(image.at, image.hole_at, copy);
  std::memset(to, 0, hole);
  to += hole;
  pages.for_each_part(pages.advance(image.at, image.hole_at), image.size - image.hole_at, copy);
}

void WalImageSplitter::put_kinds(const ParsedWal& parsed, ByteView segment, const WalPages& pages, StreamSet& streams) {
  kept_.clear();
  values_.clear();
  for (const auto& image : parsed.images) {
    kept_.push_back(is_page(image, segment, pages) ? 0 : 1);
    values_.push_back(image.info | (kept_.back() != 0 ? kept_flag : 0));
  }
  numbers_.put(values_, streams);
  const auto put = [&](auto field) {
    values_.clear();
    for (std::size_t i = 0; i < parsed.images.size(); ++i) {
      if (kept_[i] != 0) values_.push_back(parsed.images[i].*field);
    }
    numbers_.put(values_, streams);
  };
  put(&WalImage::size);
  put(&WalImage::hole_at);
  put(&WalImage::hole_size);
  for (std::size_t i = 0; i < parsed.images.size(); ++i) {
    if (kept_[i] == 0) continue;
    pages.for_each_part(parsed.images[i].at, parsed.images[i].size, [&](std::uint32_t at, std::uint32_t part) {
      streams.bytes(wal_stream::kept, segment.subspan(at, part));
    });
  }
}

void WalImageSplitter::put_pages(const ParsedWal& parsed, ByteView segment, const WalPages& pages, StreamSet& streams) {
  begins_.assign(parsed.relations.size() + 1, 0);
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < parsed.images.size(); ++i) {
    begins_[parsed.images[i].relation] += kept_[i] == 0 ? 1u : 0u;
    count += kept_[i] == 0 ? 1u : 0u;
  }
  begin_from_counts(begins_);
  order_.resize(count);
  for (std::uint32_t i = 0; i < parsed.images.size(); ++i) {
    if (kept_[i] == 0) order_[begins_[parsed.images[i].relation]++] = i;
  }
  std::optional<PageState> state;
  std::uint32_t relation = NumberTable::none;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const auto& image = parsed.images[order_[i]];
    if (image.relation != relation) {
      relation = image.relation;
      const auto& columns = columns_for(parsed, i, segment, pages);
      put_columns(columns.heap, streams);
      put_columns(columns.index, streams);
      state.emplace(columns);
    }
    load_page(image, segment, pages);
    splitter_.split(page_.data(), image.block, PageSplitter::Checksums::told, PageSplitter::Holes::apart, *state,
                    streams);
  }
}

/// How the pages of a relation are cut, of which the first is `order_[first]`: tried out on some of them once.
const PageColumns& WalImageSplitter::columns_for(const ParsedWal& parsed, std::size_t first, ByteView segment,
                                                 const WalPages& pages) {
  constexpr std::size_t least_pages = 8, most_pages = 16, most_known = 4096;
  static const PageColumns none;
  const auto& image = parsed.images[order_[first]];
  const auto& relation = parsed.relations[image.relation];
  const std::uint64_t key = load<std::uint64_t>(relation.bytes.data() + 4);  // database and file
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  std::size_t count = 0;
  sample_.resize(most_pages * wal_image_page_size);
  for (; first + count < order_.size() && count < most_pages; ++count) {
    const auto& next = parsed.images[order_[first + count]];
    if (next.relation != image.relation) break;
    load_page(next, segment, pages);
    std::memcpy(sample_.data() + count * wal_image_page_size, page_.data(), wal_image_page_size);
  }
  if (count < least_pages) return none;
  if (known_.size() >= most_known) known_.clear();
  const auto scheme =
      chooser_.choose(ByteView(sample_).first(count * wal_image_page_size), image.block, PageChooser::Care::some);
  return known_[key] = scheme ? scheme->columns : none;
}

void WalImageJoiner::read(StreamReader& reader, std::span<const Origin> origins, std::size_t relations, int major,
                          std::size_t limit, const Original* original) {
  images_.assign(origins.size(), {});
  read_kinds(reader, major);
  if (reader.ok()) read_kept(reader);
  if (reader.ok()) read_pages(reader, origins, relations, limit, original);
}

void WalImageJoiner::read_kinds(StreamReader& reader, int major) {
  values_.resize(images_.size());
  read_numbers(reader, values_);
  kept_.clear();
  for (std::uint32_t i = 0; i < images_.size(); ++i) {
    if (values_[i] >= 2 * kept_flag) return reader.fail();
    images_[i].info = static_cast<std::uint8_t>(values_[i]);
    images_[i].tells_hole_size = wal_layout::image::tells_hole_size(images_[i].info, major);
    images_[i].is_kept = (values_[i] & kept_flag) != 0;
    if (images_[i].is_kept) kept_.push_back(i);
  }
}

void WalImageJoiner::read_kept(StreamReader& reader) {
  values_.resize(kept_.size());
  const auto read = [&](auto field) {
    read_numbers(reader, values_);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (values_[i] > std::numeric_limits<std::uint16_t>::max()) reader.fail();
      images_[kept_[i]].*field = static_cast<std::uint16_t>(values_[i]);
    }
  };
  read(&Image::size);
  read(&Image::hole_at);
  read(&Image::hole_size);
  for (const auto number : kept_) {
    auto& image = images_[number];
    if (!image.tells_hole_size && image.hole_size != 0) reader.fail();
    image.bytes = reader.view(wal_stream::kept, image.size).data();
  }
}

void WalImageJoiner::read_pages(StreamReader& reader, std::span<const Origin> origins, std::size_t relations,
                                std::size_t limit, const Original* original) {
  if (original != nullptr && original->images.size() != images_.size()) return reader.fail();
  begins_.assign(relations + 1, 0);
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < origins.size(); ++i) {
    if (images_[i].is_kept) continue;
    ++begins_[origins[i].relation];
    ++count;
  }
  begin_from_counts(begins_);
  order_.resize(count);
  for (std::uint32_t i = 0; i < origins.size(); ++i) {
    if (!images_[i].is_kept) order_[begins_[origins[i].relation]++] = i;
  }
  places_.resize(count);
  used_ = 0;
  std::optional<PageState> state;
  std::uint32_t relation = NumberTable::none;
  for (std::size_t i = 0; i < order_.size() && reader.ok(); ++i) {
    const auto& origin = origins[order_[i]];
    if (origin.relation != relation) {
      relation = origin.relation;
      PageColumns columns;
      columns.heap = read_columns(reader);
      columns.index = read_columns(reader);
      if (!reader.ok()) return;
      state.emplace(columns);
    }
    auto& image = images_[order_[i]];
    const auto* const page = join_page(reader, origin.block, *state, image);
    if (!reader.ok()) return;
    if (original != nullptr) {
      const auto& source = original->images[order_[i]];
      if (!is_same(page, image, source, *original)) reader.fail();
      image.place = source.at;
      continue;
    }
    places_[i] = used_;
    close_hole(pages_.data() + used_, image);
    used_ += image.size;
    if (used_ > limit) reader.fail();
  }
  if (!reader.ok() || original != nullptr) return;
  for (std::size_t i = 0; i < order_.size(); ++i) images_[order_[i]].bytes = pages_.data() + places_[i];
}

/// The next page, behind those before, and what its image's header says.
std::uint8_t* WalImageJoiner::join_page(StreamReader& reader, std::uint32_t block, PageState& state, Image& image) {
  if (pages_.size() < used_ + wal_image_page_size + stream_slack) {
    pages_.resize(2 * pages_.size() + wal_image_page_size + stream_slack);
  }
  auto* const page = pages_.data() + used_;
  joiner_.join(reader, block, PageSplitter::Holes::apart, state, page);
  image.size = wal_image_page_size;
  if ((image.info & wal_layout::image::has_hole) == 0) return page;
  const std::uint32_t lower = load<std::uint16_t>(page + page_at::lower);
  const std::uint32_t upper = load<std::uint16_t>(page + page_at::upper);
  if (lower >= upper || upper > wal_image_page_size || image.tells_hole_size) return reader.fail(), page;
  image.hole_at = static_cast<std::uint16_t>(lower);
  image.size = static_cast<std::uint16_t>(wal_image_page_size - (upper - lower));
  return page;
}

void WalImageJoiner::close_hole(std::uint8_t* page, const Image& image) {
  const std::size_t hole = wal_image_page_size - image.size;
  if (hole != 0) std::memmove(page + image.hole_at, page + image.hole_at + hole, image.size - image.hole_at);
}

bool WalImageJoiner::is_same(const std::uint8_t* page, const Image& image, const WalImage& source,
                             const Original& original) {
  if (image.size != source.size || image.hole_at != source.hole_at || image.info != source.info) return false;
  bool same = true;
  const auto compare = [&](std::uint32_t at, std::uint32_t part) {
    same = same && std::memcmp(original.wal.data() + at, page, part) == 0;
    page += part;
  };
  original.pages.for_each_part(source.at, image.hole_at, compare);
  page += wal_image_page_size - image.size;
  original.pages.for_each_part(original.pages.advance(source.at, image.hole_at), image.size - image.hole_at, compare);
  return same;
}

}  // namespace owl::codec
