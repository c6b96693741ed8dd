#include "repository/lease.h"

#include <fmt/core.h>

#include "crypto/sealed_object.h"
#include "repository/sealed_put.h"

namespace owl::repository {
namespace {

using crypto::ObjectType;

}  // namespace

Lease::Lease(StoreSet& stores, const crypto::HostKeys& keys, RandomId id, LeaseBody body, Clock& clock, Random& random,
             std::stop_token stop)
    : stores_(stores),
      keys_(keys),
      id_(id),
      clock_(clock),
      random_(random),
      stop_(std::move(stop)),
      body_(std::move(body)) {
  put_everywhere(next_renewal());
  renewer_ = std::jthread([this](const std::stop_token& stopped) { keep_alive(stopped); });
}

Lease::~Lease() {
  try {
    if (left_open_) {
      stop_renewing();
    } else {
      end();
    }
  } catch (...) {  // a destructor can't tell; expiry and fence are there for exactly this
  }
}

void Lease::stop_renewing() {
  renewer_.request_stop();
  if (renewer_.joinable()) renewer_.join();
}

void Lease::announce_wal(std::uint64_t system_id, std::uint32_t timeline, std::uint64_t start_lsn) {
  {
    auto body = body_.lock();
    body->wal_system = system_id;
    body->wal_timeline = timeline;
    body->wal_start = start_lsn;
  }
  put_everywhere(next_renewal());
}

void Lease::end() {
  if (ended_) return;
  ended_ = true;
  stop_renewing();
  const auto key = keys::lease_end(id_);
  const auto sealed = crypto::seal_object(keys_.current(), keys_.repository, ObjectType::lease_end, key, {}, random_);
  for (auto& member : stores_.alive()) {
    try {
      put_fresh(*member.store, clock_, key, sealed, {});
    } catch (const std::exception& error) {
      stores_.monitor().warning(
          fmt::format("store {}: the lease of this run could not be ended: {}", member.name, error.what()));
    }
  }
}

Lease::Renewal Lease::next_renewal() {
  auto body = body_.lock();
  body->expires = clock_.now() + lease_lifetime;
  auto key = keys::lease(id_, ++renewals_);
  auto sealed =
      crypto::seal_object(keys_.current(), keys_.repository, ObjectType::lease, key, serialize(*body), random_);
  return {std::move(key), std::move(sealed)};
}

void Lease::put_everywhere(const Renewal& renewal) {
  stores_.on_each(
      [&](StoreSet::Member& member) { put_fresh(*member.store, clock_, renewal.key, renewal.sealed, stop_); });
}

void Lease::keep_alive(const std::stop_token& stop) {
  while (clock_.sleep(lease_renewal, stop)) renew(stop);
}

void Lease::renew(const std::stop_token& stop) {
  const auto renewal = next_renewal();
  for (auto& member : stores_.alive()) {
    try {
      put_fresh(*member.store, clock_, renewal.key, renewal.sealed, stop);
    } catch (const std::exception& error) {
      if (stop.stop_requested()) return;
      stores_.monitor().warning(
          fmt::format("store {}: the lease of this run could not be renewed: {}", member.name, error.what()));
    }
  }
}

}  // namespace owl::repository
