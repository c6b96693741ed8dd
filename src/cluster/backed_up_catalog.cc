#include "cluster/backed_up_catalog.h"

#include <fmt/core.h>

#include <charconv>
#include <map>
#include <optional>

#include "base/text.h"
#include "cluster/restore_tree.h"
#include "postgres/catalog.h"

namespace owl::cluster {
namespace {

using postgres::Oid;

constexpr Oid default_tablespace = 1663;  // pg_tablespace.dat

/// Where the catalogues of one database lie.
struct CatalogFolder {
  std::string path;  ///< "base/5", "pg_tblspc/16390/PG_15_202209061/16391"
  Oid tablespace = default_tablespace;
};

std::optional<CatalogFolder> folder_of(const RestoreTree& tree, Oid database) {
  const auto inside = fmt::format("/{}/pg_filenode.map", database);
  for (const auto& file : tree.files) {
    if (!file.path.ends_with(inside)) continue;
    CatalogFolder folder{file.path.substr(0, file.path.rfind('/'))};
    const auto parts = split(file.path, '/');
    if (parts[0] == "pg_tblspc" && parts.size() > 1) {
      std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), folder.tablespace);
    }
    return folder;
  }
  return std::nullopt;
}

class Catalog {
 public:
  Catalog(const repository::Manifest& manifest, repository::BlobReader& reader, CatalogFolder folder,
          std::uint32_t block_size, std::stop_token stop)
      : manifest_(manifest), reader_(reader), folder_(std::move(folder)), block_size_(block_size), stop_(stop) {}

  std::vector<postgres::CatalogRelation> relations() {
    const auto map = read_file_of(manifest_, reader_, folder_.path + "/pg_filenode.map", stop_);
    const auto file = postgres::mapped_file(map, postgres::pg_class_oid);
    if (!file) throw Error(ErrorKind::integrity, fmt::format("{}/pg_filenode.map names no pg_class", folder_.path));
    return postgres::read_pg_class(read(*file), block_size_);
  }

  /// Of all schemas of a name: there is one at a time, but rows of earlier ones may still be there.
  std::set<Oid> schemas(const std::vector<postgres::CatalogRelation>& relations, const std::string& name,
                        const RestoreTree& tree) {
    std::set<Oid> out;
    for (const auto& relation : relations) {
      if (relation.oid != postgres::pg_namespace_oid || tree.find(path_of(relation.file)) == nullptr) continue;
      for (const auto& schema : postgres::read_catalog_names(read(relation.file), block_size_)) {
        if (schema.name == name) out.insert(schema.oid);
      }
    }
    return out;
  }

 private:
  std::string path_of(Oid file) const { return fmt::format("{}/{}", folder_.path, file); }
  Bytes read(Oid file) { return read_file_of(manifest_, reader_, path_of(file), stop_); }

  const repository::Manifest& manifest_;
  repository::BlobReader& reader_;
  const CatalogFolder folder_;
  const std::uint32_t block_size_;
  std::stop_token stop_;
};

}  // namespace

std::vector<BackedUpTable> find_table(const repository::Manifest& manifest, const ClusterDetails& details,
                                      repository::BlobReader& reader, Oid database, const std::string& schema,
                                      const std::string& table, std::stop_token stop) {
  const auto nothing = [](const FileEntry&) { return false; };
  const auto tree = load_tree(manifest, reader, nothing, stop);
  const auto folder = folder_of(tree, database);
  if (!folder) return {};
  Catalog catalog(manifest, reader, *folder, details.block_size, stop);
  const auto relations = catalog.relations();
  const auto schemas = catalog.schemas(relations, schema, tree);
  std::map<Oid, BackedUpTable> found;
  for (const auto& relation : relations) {
    if (relation.name != table || !schemas.contains(relation.schema)) continue;
    auto& one = found[relation.oid];
    one.oid = relation.oid;
    const Oid tablespace = relation.tablespace == 0 ? folder->tablespace : relation.tablespace;
    if (relation.file != 0) one.files.insert({tablespace, database, relation.file});
  }
  std::vector<BackedUpTable> out;
  for (auto& [oid, one] : found) out.push_back(std::move(one));
  return out;
}

}  // namespace owl::cluster
