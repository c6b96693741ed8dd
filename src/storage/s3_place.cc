#include "storage/s3_place.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.h"
#include "storage/object_store.h"

namespace owl::storage {
namespace {

constexpr std::string_view scheme = "s3://";

Error wrong(const S3PlaceOptions& options, std::string_view key, std::string_view why, std::string hint) {
  return Error(ErrorKind::config, fmt::format("{}.{}: {}", options.section, key, why)).with_hint(std::move(hint));
}

bool is_bucket(std::string_view name) {
  const auto legal = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  return name.size() >= 3 && name.size() <= 63 && std::ranges::all_of(name, legal) && name.front() != '.';
}

void split_url(const S3PlaceOptions& options, S3Place& place) {
  auto rest = std::string_view(options.url).substr(scheme.size());
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const auto slash = std::min(rest.find('/'), rest.size());
  place.bucket = rest.substr(0, slash);
  place.prefix = rest.substr(std::min(slash + 1, rest.size()));
  if (!is_bucket(place.bucket)) {
    throw wrong(options, "url", fmt::format("\"{}\" is no bucket name", place.bucket),
                "It has the form s3://bucket/prefix; buckets are 3 to 63 letters of a-z 0-9 - and .");
  }
  if (!place.prefix.empty() && !is_key(place.prefix)) {
    throw wrong(options, "url", fmt::format("\"{}\" can't be the beginning of a key", place.prefix),
                "A prefix is made of A-Z a-z 0-9 . _ ~ - in parts joined by single slashes.");
  }
}

std::string amazon_endpoint(const S3PlaceOptions& options) {
  if (options.region.empty() || options.region == "auto") {
    throw wrong(options, "endpoint", "is not set, and no region says which of Amazon's it is",
                "R2: https://<account id>.r2.cloudflarestorage.com. Amazon S3: set region, such as eu-central-1.");
  }
  const bool china = options.region.starts_with("cn-");
  return fmt::format("https://s3.{}.amazonaws.com{}", options.region, china ? ".cn" : "");
}

struct Endpoint {
  std::string scheme, host;
};

Endpoint split_endpoint(const S3PlaceOptions& options) {
  auto text = options.endpoint.empty() ? amazon_endpoint(options) : options.endpoint;
  while (text.ends_with('/')) text.pop_back();
  const auto colon = text.find("://");
  const auto protocol = text.substr(0, colon == std::string::npos ? 0 : colon);
  const auto host = colon == std::string::npos ? std::string() : text.substr(colon + 3);
  const bool known = protocol == "https" || protocol == "http";
  if (!known || host.empty() || host.find_first_of("/?#@ ") != std::string::npos) {
    throw wrong(options, "endpoint", fmt::format("\"{}\" is no endpoint", options.endpoint),
                "It has the form https://host[:port], without bucket and path.");
  }
  return {protocol, host};
}

/// The port that a scheme implies is left out of the Host header, by us as by libcurl.
std::string without_default_port(const Endpoint& endpoint) {
  const std::string_view port = endpoint.scheme == "https" ? ":443" : ":80";
  return endpoint.host.ends_with(port) ? endpoint.host.substr(0, endpoint.host.size() - port.size()) : endpoint.host;
}

bool bucket_in_host(const S3PlaceOptions& options, const S3Place& place, std::string_view host) {
  if (options.addressing == "host") return true;
  if (options.addressing == "path") return false;
  if (options.addressing != "auto") {
    throw wrong(options, "addressing", fmt::format("\"{}\" is not known", options.addressing),
                "It is auto, path or host.");
  }
  // A dot in the bucket's name would make one more level than the wildcard certificate covers.
  const bool amazon = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
  return amazon && place.bucket.find('.') == std::string::npos;
}

}  // namespace

S3Place resolve(const S3PlaceOptions& options) {
  S3Place place;
  split_url(options, place);
  const auto endpoint = split_endpoint(options);
  const auto host = without_default_port(endpoint);
  const bool in_host = bucket_in_host(options, place, host);
  place.host = in_host ? fmt::format("{}.{}", place.bucket, host) : host;
  place.origin = fmt::format("{}://{}", endpoint.scheme, place.host);
  place.base_path = in_host ? "" : "/" + place.bucket;
  place.region = options.region.empty() ? "auto" : options.region;
  return place;
}

}  // namespace owl::storage
