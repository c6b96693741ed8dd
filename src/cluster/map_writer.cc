#include "cluster/map_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace owl::cluster {

MapWriter::MapWriter(const Listing& files, FilePieces& pieces, repository::BackupSession& session, Monitor& monitor)
    : files_(files), listed_(files), pieces_(pieces), session_(session), monitor_(monitor), leaves_(session) {}

bool MapWriter::is_stored(const FilePieces::Assembled& file) const {
  return std::ranges::all_of(file.blobs, [&](const auto& blob) { return session_.is_stored(blob.pack); });
}

void MapWriter::advance() {
  while (next_ < files_.size_without_control()) {
    if (!whole_) whole_ = pieces_.take(next_, listed_[next_]);
    if (!whole_ || !is_stored(*whole_)) return;
    enter(next_++, *std::exchange(whole_, std::nullopt));
  }
}

void MapWriter::finish() {
  advance();
  OWL_CHECK(next_ == files_.size_without_control(), "a map is finished when everything was read");
  leaves_.finish();
  if (files_.holds_control()) enter_control();
}

void MapWriter::enter_control() {
  auto control = pieces_.take(next_, listed_[next_]);
  OWL_CHECK(control, "pg_control was read");
  const auto place = control_place_.value_or(leaves_.leaves().size());
  enter(next_++, std::move(*control));
  leaves_.finish();
  leaves_.move_last_to(place);
}

void MapWriter::enter(std::uint32_t index, FilePieces::Assembled file) {
  if (file.vanished) return;
  const auto& listed = listed_[index];
  if (!control_place_ && listed.path > control_path) {
    leaves_.finish();
    control_place_ = leaves_.leaves().size();
  }
  report_bad_pages(file.entry, listed);
  if (!listed.is_folder) ++summary_.files;
  summary_.plain_bytes += file.entry.size;
  leaves_.add(std::move(file));
}

void MapWriter::report_bad_pages(const FileEntry& entry, const ListedFile& listed) {
  if (entry.bad_blocks.empty()) return;
  summary_.bad_pages += entry.bad_blocks.size();
  auto text = fmt::format("{} of the pages of {} fail their checksum, the first is block {} of the relation",
                          entry.bad_blocks.size(), entry.path, listed.first_block + entry.bad_blocks.front());
  summary_.warnings.push_back(text);
  monitor_.warning(std::move(text));
}

}  // namespace owl::cluster
