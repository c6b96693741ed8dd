#pragma once

#include <functional>

#include "base/clock.h"
#include "concurrency/guarded.h"
#include "http/client.h"
#include "storage/object_store.h"
#include "storage/s3_place.h"
#include "storage/sigv4.h"

namespace owl::storage {

/// One request to a bucket, before it is signed.
struct S3Request {
  std::string method = "GET";
  std::string path = {};  ///< below the bucket: "/key"; empty: the bucket itself
  std::vector<std::pair<std::string, std::string>> query = {};
  std::vector<http::Header> headers = {};
  std::span<const ByteView> body = {};
  std::optional<ByteArray<32>> body_sha256 = {};  ///< computed where it is not given
  std::uint64_t answer_limit = 64u << 20;         ///< bytes; a whole object may need more
};

/// Signs and sends, once. Every call signs anew, with the time of that moment. Thread-safe.
class S3Client {
 public:
  S3Client(S3Place place, Credentials credentials, http::ClientOptions options, http::Deadlines deadlines,
           Clock& clock);

  /// Any answer that arrived whole. Throws as http::Client does.
  http::Response send(const S3Request& request, std::stop_token stop);

  /// The store's clock by the last answer, if one came within the last five minutes.
  std::optional<Timestamp> server_time();
  const S3Place& place() const { return place_; }

 private:
  struct Seen {
    Timestamp date;
    std::chrono::nanoseconds at;
  };
  http::Request signed_request(const S3Request& request) const;
  void note_time(const http::Response& response);

  const S3Place place_;
  const Credentials credentials_;
  const http::Deadlines deadlines_;
  Clock& clock_;
  http::Client client_;
  Guarded<std::optional<Seen>> seen_;
};

}  // namespace owl::storage
