#include "storage/s3_store.h"

#include <fmt/core.h>

#include "concurrency/task_group.h"
#include "http/date.h"
#include "storage/attempt.h"
#include "storage/byte_range.h"
#include "storage/number.h"
#include "storage/s3_errors.h"

namespace owl::storage {
namespace {

constexpr std::uint64_t largest_answer = 8ull << 30;

std::optional<std::uint64_t> content_length(const http::Response& response) {
  const auto field = response.headers.find("Content-Length");
  return field ? parse_number(*field) : std::nullopt;
}

std::optional<Timestamp> last_modified(const http::Response& response) {
  const auto field = response.headers.find("Last-Modified");
  return field ? http::parse_date(*field) : std::nullopt;
}

/// The part of a 206 is the part that was asked for, and all of it has come.
bool fits(const http::Response& response, const ByteRange& range) {
  const auto field = response.headers.find("Content-Range");
  if (field && response.body.empty()) return field->ends_with("/0");  // nothing of nothing: R2 doesn't say 416 there
  const auto told = field ? parse_content_range(*field) : std::nullopt;
  if (!told || told->last - told->first + 1 != response.body.size() || response.body.size() > range.length)
    return false;
  if (!range.offset) return !told->size || told->last + 1 == *told->size;
  const bool ends_early = response.body.size() < range.length;
  return told->first == *range.offset && (!ends_early || !told->size || told->last + 1 == *told->size);
}

}  // namespace

S3Store::S3Store(S3StoreOptions options, Clock& clock)
    : name_(std::move(options.name)),
      client_(std::move(options.place), std::move(options.credentials), std::move(options.http), options.deadlines,
              clock),
      clock_(clock) {}

std::string S3Store::description() const {
  const auto& place = client_.place();
  return fmt::format("{} (s3://{}{}{})", name_, place.bucket, place.prefix.empty() ? "" : "/", place.prefix);
}

std::string S3Store::full_key(const std::string& key) const {
  const auto& prefix = client_.place().prefix;
  return prefix.empty() ? key : prefix + "/" + key;
}

S3Request S3Store::request(std::string method, const std::string& key) const {
  check_key(key);
  return {.method = std::move(method), .path = "/" + full_key(key)};  // legal keys need no encoding
}

std::string S3Store::trying(std::string_view verb, std::string_view what) const {
  return attempt(verb, what, description());
}

http::Response S3Store::send(const std::string& context, const S3Request& request, const std::stop_token& stop) {
  return in_context([&] { return context; }, [&] { return client_.send(request, stop); });
}

void S3Store::fail(const std::string& context, const http::Response& response) const {
  const auto& place = client_.place();
  throw to_error(response, {name_, place.bucket, place.region}, clock_.now()).with_context(context);
}

PutOutcome S3Store::put_once(const std::string& key, std::span<const ByteView> pieces,
                             const std::optional<ByteArray<32>>& sha256, std::stop_token stop) {
  const auto context = trying("store", key);
  auto put = request("PUT", key);
  const auto size = total_size(pieces);
  if (size > traits().max_put_bytes) {
    throw Error(ErrorKind::refused, fmt::format("{} bytes are more than one request may carry", size))
        .with_context(context);
  }
  put.headers = {{"If-None-Match", "*"}, {"Content-Type", "application/octet-stream"}};
  put.body = pieces;
  put.body_sha256 = sha256;
  const auto response = send(context, put, stop);
  if (response.status == 412) return PutOutcome::already_exists;
  if (response.status != 200 && response.status != 201) fail(context, response);
  bucket_is_there_ = true;
  return PutOutcome::stored;
}

std::optional<Bytes> S3Store::get(const std::string& key, std::stop_token stop) {
  const auto context = trying("read", key);
  auto get = request("GET", key);
  get.answer_limit = largest_answer;
  auto response = send(context, get, stop);
  if (response.status == 200) return std::move(response.body);
  if (response.status != 404) fail(context, response);
  absent_or_throw(context, key, response, stop);
  return std::nullopt;
}

std::optional<Bytes> S3Store::get_range(const std::string& key, ByteRange range, std::stop_token stop) {
  if (range.length == 0) return stat(key, stop) ? std::optional(Bytes()) : std::nullopt;  // HTTP can't ask for nothing
  const auto context = trying("read", key);
  auto get = request("GET", key);
  get.headers = {{"Range", to_range_header(range)}};
  get.answer_limit = largest_answer;
  auto response = send(context, get, stop);
  switch (response.status) {
    case 206:
      if (fits(response, range)) return std::move(response.body);
      throw Error(ErrorKind::integrity, "the store returned another part than was asked for").with_context(context);
    case 200: {  // a server that knows no ranges, or not this one
      const auto [begin, end] = within(range, response.body.size());
      return to_bytes(ByteView(response.body).subspan(begin, end - begin));
    }
    case 416:
      return Bytes();  // it begins at or beyond the end
    case 404:
      absent_or_throw(context, key, response, stop);
      return std::nullopt;
    default:
      fail(context, response);
  }
}

std::optional<ObjectInfo> S3Store::stat(const std::string& key, std::stop_token stop) {
  const auto context = trying("look up", key);
  const auto response = send(context, request("HEAD", key), stop);
  if (response.status == 404) {
    absent_or_throw(context, key, response, stop);
    return std::nullopt;
  }
  if (response.status != 200) fail(context, response);
  const auto size = content_length(response);
  if (!size) {
    throw Error(ErrorKind::integrity, "the store doesn't tell its size").with_context(context);
  }
  return ObjectInfo{key, *size, last_modified(response).value_or(Timestamp{})};
}

// Absence is a fact that recovery ends on, so it takes an S3 store to state it: a missing bucket, or the error page of
// some web server in between, must not pass for "nothing is stored here". The answer to HEAD has no body to tell by:
// until something has shown that the bucket exists, one byte is asked for by GET, whose answer tells.
void S3Store::absent_or_throw(const std::string& context, const std::string& key, const http::Response& response,
                              const std::stop_token& stop) {
  if (parse_s3_error(as_text(response.body)).code == "NoSuchKey") {
    bucket_is_there_ = true;
    return;
  }
  if (!response.body.empty()) fail(context, response);
  if (bucket_is_there_) return;
  auto probe = request("GET", key);
  probe.headers = {{"Range", "bytes=0-0"}};
  const auto told = send(context, probe, stop);
  const bool absent = told.status == 404 && parse_s3_error(as_text(told.body)).code == "NoSuchKey";
  const bool appeared = told.status < 300 || told.status == 416;
  if (!absent && !appeared) fail(context, told);
  bucket_is_there_ = true;
}

void S3Store::list_pages(const std::string& prefix, std::vector<std::pair<std::string, std::string>> query,
                         const std::function<bool(const S3ListPage&)>& each, const std::stop_token& stop) {
  const auto context = trying("list", prefix);
  query.insert(query.end(), {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", full_key(prefix)}});
  std::string token;
  while (true) {
    S3Request page_request{.query = query};
    if (!token.empty()) page_request.query.emplace_back("continuation-token", token);
    const auto response = send(context, page_request, stop);
    if (response.status != 200) fail(context, response);
    bucket_is_there_ = true;
    auto page =
        in_context([&] { return context; }, [&] { return value_or_throw(parse_s3_list(as_text(response.body))); });
    if (!each(page) || page.next.empty()) return;
    if (page.next == token) {
      throw Error(ErrorKind::integrity, "the store's listing goes in a circle").with_context(context);
    }
    token = page.next;
  }
}

void S3Store::list(const std::string& prefix, const std::string& start_after,
                   const std::function<bool(const ObjectInfo&)>& each, std::stop_token stop) {
  std::vector<std::pair<std::string, std::string>> query;
  if (!start_after.empty()) query.emplace_back("start-after", full_key(start_after));
  const auto context = trying("list", prefix);
  const auto skip = full_key("").size();
  std::string last;
  list_pages(
      prefix, query,
      [&](const S3ListPage& page) {
        for (auto info : page.objects) {
          if (info.key <= last || !info.key.starts_with(full_key(prefix))) {
            throw Error(ErrorKind::unsupported, "the store does not list in the order of keys")
                .with_context(context)
                .with_hint("Buckets of this kind (such as Amazon's directory buckets) can't be used.");
          }
          throw_if_stopped(stop);
          last = info.key;
          info.key.erase(0, skip);
          if (is_key(info.key) && info.key > start_after && !each(info)) return false;
        }
        return true;
      },
      stop);
}

std::vector<std::string> S3Store::list_folders(const std::string& prefix, std::stop_token stop) {
  std::vector<std::string> folders;
  const auto skip = full_key(prefix).size();
  list_pages(
      prefix, {{"delimiter", "/"}},
      [&](const S3ListPage& page) {
        for (const auto& folder : page.folders) {
          if (folder.size() <= skip) continue;
          auto name = folder.substr(skip, folder.size() - skip - 1);
          if (is_key(name)) folders.push_back(std::move(name));
        }
        return true;
      },
      stop);
  std::ranges::sort(folders);
  return folders;
}

void S3Store::remove(const std::string& key, std::stop_token stop) {
  const auto context = trying("remove", key);
  const auto response = send(context, request("DELETE", key), stop);
  if (response.status == 404) return absent_or_throw(context, key, response, stop);
  if (response.status != 204 && response.status != 200) fail(context, response);
}

std::optional<Timestamp> S3Store::server_time(std::stop_token stop) {
  if (const auto known = client_.server_time()) return known;
  send(trying("ask the time of", ""), {.method = "HEAD"}, stop);  // whatever it says, it says when
  return client_.server_time();
}

}  // namespace owl::storage
