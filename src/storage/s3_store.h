#pragma once

#include <atomic>

#include "storage/s3_answers.h"
#include "storage/s3_client.h"

namespace owl::storage {

/// How to speak to one bucket.
struct S3StoreOptions {
  std::string name;  ///< primary, secondary, …
  S3Place place;
  Credentials credentials;
  http::ClientOptions http = {};
  http::Deadlines deadlines = {};
};

/// A prefix of an S3 bucket. What it asks of a server: PUT with `If-None-Match: *`, GET with Range, HEAD, DELETE and
/// ListObjectsV2, signed with AWS Signature Version 4 in headers; see docs/storage.md. One request for each call (list:
/// one for each thousand keys); no retries here. Thread-safe.
class S3Store final : public ObjectStore {
 public:
  S3Store(S3StoreOptions options, Clock& clock);

  using ObjectStore::put_once;
  PutOutcome put_once(const std::string& key, std::span<const ByteView> pieces,
                      const std::optional<ByteArray<32>>& sha256, std::stop_token stop) override;
  std::optional<Bytes> get(const std::string& key, std::stop_token stop) override;
  std::optional<Bytes> get_range(const std::string& key, ByteRange range, std::stop_token stop) override;
  std::optional<ObjectInfo> stat(const std::string& key, std::stop_token stop) override;
  void list(const std::string& prefix, const std::string& start_after,
            const std::function<bool(const ObjectInfo&)>& each, std::stop_token stop) override;
  std::vector<std::string> list_folders(const std::string& prefix, std::stop_token stop) override;
  void remove(const std::string& key, std::stop_token stop) override;
  StoreTraits traits() const override { return {}; }
  std::optional<Timestamp> server_time(std::stop_token stop) override;
  std::string description() const override;

 private:
  /// The frame that every message of one call begins with.
  std::string trying(std::string_view verb, std::string_view what) const;
  std::string full_key(const std::string& key) const;
  S3Request request(std::string method, const std::string& key) const;
  http::Response send(const std::string& context, const S3Request& request, const std::stop_token& stop);
  [[noreturn]] void fail(const std::string& context, const http::Response& response) const;
  /// For a 404: returns where the object is absent, throws where the bucket is.
  void absent_or_throw(const std::string& context, const std::string& key, const http::Response& response,
                       const std::stop_token& stop);
  void list_pages(const std::string& prefix, std::vector<std::pair<std::string, std::string>> query,
                  const std::function<bool(const S3ListPage&)>& each, const std::stop_token& stop);

  const std::string name_;
  S3Client client_;
  Clock& clock_;
  std::atomic<bool> bucket_is_there_{false};
};

}  // namespace owl::storage
