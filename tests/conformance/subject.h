#pragma once

#include <memory>
#include <string>
#include <vector>

#include "os/system.h"
#include "storage/object_store.h"
#include "storage/open.h"
#include "storage/s3_store.h"
#include "support/s3_server.h"

namespace owl::storage {

/// What the conformance suite runs on.
enum class SubjectKind { memory, folder, ceph, r2 };
std::string name_of(SubjectKind kind);

/// A fresh, empty store of one kind. On S3 each has a prefix of its own in a bucket that all share.
class Subject {
 public:
  explicit Subject(SubjectKind kind);
  ~Subject();

  /// The concrete store: no wrapper helps it.
  ObjectStore& store() { return *first_; }
  /// The same objects, seen by another client (memory: by the same).
  ObjectStore& another_client() { return *second_; }

 private:
  struct Place;
  std::unique_ptr<Place> place_;
  StorePtr first_, second_;
};

/// How to reach a test server, for tests that change something about it.
StoreOptions options_for(const test::S3Server& server, const std::string& bucket, const std::string& prefix = "p");
/// The concrete store for these options.
std::shared_ptr<S3Store> bare_s3(const StoreOptions& options, Clock& clock);

os::SystemClock& system_clock();

/// Bytes that are all different, for `size` up to gigabytes.
Bytes pattern(std::size_t size, std::uint64_t seed = 1);

}  // namespace owl::storage
