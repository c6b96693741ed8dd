#include "cluster/backed_up_catalog.h"

#include <fmt/core.h>

#include <charconv>
#include <map>

#include "base/text.h"
#include "cluster/restore_scope.h"
#include "cluster/restore_tree.h"

namespace owl::cluster {
namespace {

using postgres::Oid;

constexpr Oid default_tablespace = 1663;  // pg_tablespace.dat

Oid tablespace_of(std::string_view folder) {
  Oid oid = default_tablespace;
  const auto parts = split(folder, '/');
  if (parts[0] == "pg_tblspc") std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), oid);
  return oid;
}

}  // namespace

BackedUpCatalog::BackedUpCatalog(const repository::Manifest& manifest, const ClusterDetails& details,
                                 repository::BlobReader& reader, Oid database, std::stop_token stop)
    : manifest_(manifest), reader_(reader), block_size_(details.block_size), stop_(std::move(stop)) {
  find_folder(database);
  if (!present()) return;
  map_ = read_file_of(manifest_, reader_, folder_ + "/pg_filenode.map", stop_);
  const auto file = postgres::mapped_file(map_, postgres::pg_class_oid);
  if (!file) throw Error(ErrorKind::integrity, fmt::format("{}/pg_filenode.map names no pg_class", folder_));
  Bytes pages;
  append(fmt::format("{}/{}", folder_, *file), pages);
  relations_ = postgres::read_pg_class(pages, block_size_, postgres::major_version(details.version));
}

void BackedUpCatalog::find_folder(Oid database) {
  const auto tree = load_tree(
      manifest_, reader_, [](const FileEntry&) { return false; }, stop_);
  for (const auto& file : tree.files) {
    if (database_of_path(file.path) != database) continue;
    paths_.insert(file.path);
    if (file.path.ends_with("/pg_filenode.map")) folder_ = file.path.substr(0, file.path.rfind('/'));
  }
  if (present()) tablespace_ = tablespace_of(folder_);
}

/// With the segments after the first, of a catalogue of more than a gigabyte.
void BackedUpCatalog::append(const std::string& path, Bytes& out) {
  for (unsigned segment = 0;; ++segment) {
    const auto name = segment == 0 ? path : fmt::format("{}.{}", path, segment);
    if (!paths_.contains(name)) return;
    const auto bytes = read_file_of(manifest_, reader_, name, stop_);
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
}

Bytes BackedUpCatalog::pages_of(Oid catalogue) {
  std::set<Oid> files;
  for (const auto& relation : relations_) {
    if (relation.oid == catalogue && relation.file != 0) files.insert(relation.file);
  }
  if (const auto mapped = postgres::mapped_file(map_, catalogue)) files.insert(*mapped);
  Bytes out;
  for (const auto file : files) append(fmt::format("{}/{}", folder_, file), out);
  return out;
}

std::set<Oid> BackedUpCatalog::find(const std::string& schema, const std::string& name) {
  std::set<Oid> schemas, out;
  for (const auto& one : postgres::read_catalog_names(pages_of(postgres::pg_namespace_oid), block_size_)) {
    if (one.name == schema) schemas.insert(one.oid);
  }
  for (const auto& relation : relations_) {
    if (relation.name == name && schemas.contains(relation.schema)) out.insert(relation.oid);
  }
  return out;
}

std::vector<BackedUpTable> find_table(const repository::Manifest& manifest, const ClusterDetails& details,
                                      repository::BlobReader& reader, Oid database, const std::string& schema,
                                      const std::string& table, std::stop_token stop) {
  BackedUpCatalog catalog(manifest, details, reader, database, std::move(stop));
  std::map<Oid, BackedUpTable> found;
  if (catalog.present()) {
    for (const auto oid : catalog.find(schema, table)) found[oid].oid = oid;
  }
  for (const auto& relation : catalog.relations()) {
    const auto wanted = found.find(relation.oid);
    if (wanted == found.end() || relation.file == 0) continue;
    const Oid tablespace = relation.tablespace == 0 ? catalog.tablespace() : relation.tablespace;
    wanted->second.files.insert({tablespace, database, relation.file});
  }
  std::vector<BackedUpTable> out;
  for (auto& [oid, one] : found) out.push_back(std::move(one));
  return out;
}

}  // namespace owl::cluster
