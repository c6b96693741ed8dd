#include "wal/service_request.h"

#include "postgres/types.h"

namespace owl::wal {
namespace {

constexpr std::string_view status = "status", push = "push ";

}  // namespace

std::string to_text(const ServiceRequest& request) {
  return std::string(request.kind == ServiceRequest::Kind::push ? push : status) + request.file_name;
}

Result<ServiceRequest> parse_service_request(std::string_view text) {
  const auto line = text.substr(0, text.find('\n'));
  if (line.size() >= longest_service_request) return bad_format("the request is too long");
  if (line == status) return ServiceRequest{ServiceRequest::Kind::status};
  if (!line.starts_with(push)) return bad_format("the request makes no sense");
  auto name = postgres::parse_wal_file_name(line.substr(push.size()));
  if (!name) return tl::unexpected(name.error());
  return ServiceRequest{ServiceRequest::Kind::push, std::move(name->text)};
}

}  // namespace owl::wal
