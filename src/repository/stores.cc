#include "repository/stores.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "concurrency/task_group.h"

namespace owl::repository {
namespace {

/// `config`, too: a bucket that somebody removed must not end the backups into the other stores.
constexpr std::array store_failures{ErrorKind::unreachable, ErrorKind::denied,  ErrorKind::throttled,
                                    ErrorKind::transient,   ErrorKind::timeout, ErrorKind::disk_full,
                                    ErrorKind::config};

bool same_everywhere(ErrorKind kind) {
  return kind == ErrorKind::cancelled || kind == ErrorKind::no_key;
}

Error nobody_left() {
  return Error(ErrorKind::unreachable, "no store is left that takes part in this run");
}

}  // namespace

bool is_store_failure(ErrorKind kind) {
  return std::ranges::find(store_failures, kind) != store_failures.end();
}

StoreSet::StoreSet(std::vector<Member> members, Monitor& monitor) : members_(std::move(members)), monitor_(monitor) {}

std::vector<StoreSet::Member> StoreSet::alive() const {
  const std::lock_guard lock(mutex_);
  return members_;
}

std::size_t StoreSet::size() const {
  const std::lock_guard lock(mutex_);
  return members_.size();
}

std::vector<std::string> StoreSet::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void StoreSet::on_each(const std::function<void(Member&)>& work) {
  auto members = alive();
  if (members.empty()) throw nobody_left();
  const auto run = [&](std::size_t i, const std::stop_token&) {
    try {
      work(members[i]);
    } catch (const Error& error) {
      if (!is_store_failure(error.kind())) throw;
      drop(members[i].name, error);
    }
  };
  parallel_for(members.size(), static_cast<unsigned>(members.size()), {}, run);
}

void StoreSet::on_any(const std::function<void(Member&)>& work) {
  auto members = by_preference();
  if (members.empty()) throw nobody_left();
  std::vector<std::string> said;
  for (std::size_t i = 0; i < members.size(); ++i) {
    try {
      return work(members[i]);
    } catch (Error& error) {
      if (same_everywhere(error.kind())) throw;
      if (is_store_failure(error.kind())) ask_last(members[i].name);
      if (i + 1 == members.size()) {
        for (const auto& other : said) error.add_context(other);
        throw;
      }
      said.push_back(fmt::format("store {} said: {}", members[i].name, error.what()));
    }
  }
}

void StoreSet::drop(const std::string& name, const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(members_, name, &Member::name);
    if (found == members_.end() && members_.empty()) throw Error(error);
    if (found == members_.end()) return;  // somebody else noticed first
    dropped_.push_back(name);
    members_.erase(found);
    if (members_.empty()) throw Error(error);
  }
  monitor_.warning(fmt::format("store {} takes no further part in this run: {}", name, error.what()));
}

std::vector<StoreSet::Member> StoreSet::by_preference() const {
  const std::lock_guard lock(mutex_);
  auto members = members_;
  std::stable_partition(members.begin(), members.end(),
                        [&](const Member& m) { return std::ranges::find(ask_last_, m.name) == ask_last_.end(); });
  return members;
}

void StoreSet::ask_last(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(ask_last_, name) == ask_last_.end()) ask_last_.push_back(name);
}

}  // namespace owl::repository
