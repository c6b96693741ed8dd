#include "repository/object_keys.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/check.h"
#include "base/text.h"

namespace owl::repository {

std::uint32_t month_of(Timestamp t) {
  constexpr std::size_t year_and_month = 6;
  std::uint32_t month = 0;
  const auto text = to_compact(t);
  std::from_chars(text.data(), text.data() + year_and_month, month);
  return month;
}

namespace keys {
namespace {

constexpr std::string_view mac_ending = ".mac";
constexpr std::array<std::string_view, 3> wrap_endings{"clear", "pgp", "pass"};  // by KeyMode

std::string_view class_letter(PackClass pack_class) {
  return pack_class == PackClass::data ? "d" : "m";
}

/// Every parser reads what it needs and then builds the key again: what is not exactly what we would have written is
/// somebody else's.
template <typename Parsed, typename Build>
std::optional<Parsed> if_exact(std::string_view key, Parsed parsed, Build build) {
  if (build(parsed) != key) return std::nullopt;
  return parsed;
}

template <std::size_t N>
std::optional<ByteArray<N>> id_of(std::string_view digits) {
  auto id = array_from_hex<N>(digits);
  if (!id) return std::nullopt;
  return *id;
}

template <typename Number>
std::optional<Number> number_of(std::string_view digits) {
  Number value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// The parts of `key` behind `prefix`, if it has exactly `count` of them.
std::optional<std::vector<std::string_view>> parts_after(std::string_view prefix, std::string_view key,
                                                         std::size_t count) {
  if (!key.starts_with(prefix)) return std::nullopt;
  auto parts = split(key.substr(prefix.size()), '/');
  if (parts.size() != count) return std::nullopt;
  return parts;
}

bool is_month(std::uint32_t month) {
  return month % 100 >= 1 && month % 100 <= 12 && month / 100 <= 9999;
}

bool is_kind(std::string_view kind) {
  return !kind.empty() && kind.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

}  // namespace

std::string epoch_folder(std::uint32_t epoch) {
  OWL_CHECK(epoch >= 1 && epoch <= 9999, "epochs are numbered 1 to 9999");
  return fmt::format("keys/{:04}/", epoch);
}

std::string epoch_public(std::uint32_t epoch) {
  return epoch_folder(epoch) + "public";
}

std::string epoch_wrap(std::uint32_t epoch, unsigned number, crypto::KeyMode mode) {
  return fmt::format("{}{:06}.{}", epoch_folder(epoch), number, wrap_endings.at(static_cast<std::size_t>(mode)));
}

std::string wrap_mac(const std::string& wrap) {
  return wrap + std::string(mac_ending);
}

std::string pack_month(PackClass pack_class, std::uint32_t month) {
  return fmt::format("packs/{}/{:06}/", class_letter(pack_class), month);
}

std::string pack(const PackRef& pack) {
  return pack_month(pack.pack_class, pack.month) + to_hex(pack.id);
}

std::string index_folder(const crypto::WriterId& writer) {
  return fmt::format("index/{}/", to_hex(writer));
}

std::string index(const crypto::WriterId& writer, const RandomId& id) {
  return index_folder(writer) + to_hex(id);
}

std::string manifest(const ManifestKey& key) {
  return fmt::format("backups/{}/{}/{}-{}", key.kind, key.name_id, to_compact(key.start), to_hex(key.lease));
}

std::string lease(const RandomId& id, unsigned renewal) {
  return fmt::format("leases/{}.{:06}", to_hex(id), renewal);
}

std::string lease_end(const RandomId& id) {
  return fmt::format("leases/{}.end", to_hex(id));
}

std::string trash(const RandomId& id) {
  return "trash/" + to_hex(id);
}

std::optional<ManifestKey> parse_manifest(std::string_view key) {
  const auto parts = parts_after("backups/", key, 3);
  if (!parts || !is_kind((*parts)[0])) return std::nullopt;
  const auto name_id = id_of<8>((*parts)[1]);
  const auto leaf = split((*parts)[2], '-');
  if (leaf.size() != 2) return std::nullopt;
  const auto start = parse_compact(leaf[0]);
  const auto lease_id = id_of<16>(leaf[1]);
  if (!name_id || !start || !lease_id) return std::nullopt;
  return if_exact(key, ManifestKey{std::string((*parts)[0]), to_hex(*name_id), *start, *lease_id}, manifest);
}

std::optional<ParsedWrapKey> parse_epoch_wrap(std::string_view key) {
  const auto parts = parts_after("keys/", key, 2);
  if (!parts) return std::nullopt;
  const auto epoch = parse_epoch_folder((*parts)[0]);
  const auto words = split((*parts)[1], '.');
  const auto number = number_of<unsigned>(words[0]);
  if (!epoch || !number || words.size() != 2) return std::nullopt;
  const auto ending = std::ranges::find(wrap_endings, words[1]);
  if (ending == wrap_endings.end()) return std::nullopt;
  const auto mode = static_cast<crypto::KeyMode>(ending - wrap_endings.begin());
  return if_exact(key, ParsedWrapKey{*epoch, *number, mode},
                  [](const ParsedWrapKey& k) { return epoch_wrap(k.epoch, k.number, k.mode); });
}

std::optional<std::string> parse_wrap_mac(std::string_view key) {
  if (!key.ends_with(mac_ending)) return std::nullopt;
  auto wrap = std::string(key.substr(0, key.size() - mac_ending.size()));
  if (!parse_epoch_wrap(wrap)) return std::nullopt;
  return wrap;
}

std::optional<PackRef> parse_pack(std::string_view key) {
  const auto parts = parts_after("packs/", key, 3);
  if (!parts || ((*parts)[0] != "d" && (*parts)[0] != "m")) return std::nullopt;
  const auto month = number_of<std::uint32_t>((*parts)[1]);
  const auto id = id_of<32>((*parts)[2]);
  if (!month || !is_month(*month) || !id) return std::nullopt;
  const auto pack_class = (*parts)[0] == "d" ? PackClass::data : PackClass::metadata;
  return if_exact(key, PackRef{*id, pack_class, *month, 0, 0}, pack);
}

std::optional<ParsedLeaseKey> parse_lease(std::string_view key) {
  const auto parts = parts_after("leases/", key, 1);
  if (!parts) return std::nullopt;
  const auto words = split((*parts)[0], '.');
  const auto id = id_of<16>(words[0]);
  if (words.size() != 2 || !id) return std::nullopt;
  if (words[1] == "end") return if_exact(key, ParsedLeaseKey{*id, 0, true}, [](auto& k) { return lease_end(k.id); });
  const auto renewal = number_of<unsigned>(words[1]);
  if (!renewal) return std::nullopt;
  return if_exact(key, ParsedLeaseKey{*id, *renewal, false}, [](auto& k) { return lease(k.id, k.renewal); });
}

std::optional<RandomId> parse_index(std::string_view key) {
  const auto parts = parts_after("index/", key, 2);
  if (!parts) return std::nullopt;
  const auto writer = id_of<8>((*parts)[0]);
  const auto id = id_of<16>((*parts)[1]);
  if (!writer || !id) return std::nullopt;
  return if_exact(key, *id, [&](const RandomId& parsed) { return index(*writer, parsed); });
}

std::optional<RandomId> parse_trash(std::string_view key) {
  const auto parts = parts_after("trash/", key, 1);
  const auto id = parts ? id_of<16>((*parts)[0]) : std::nullopt;
  if (!id) return std::nullopt;
  return if_exact(key, *id, trash);
}

std::optional<std::uint32_t> parse_epoch_folder(std::string_view name) {
  const auto epoch = number_of<std::uint32_t>(name);
  if (!epoch || *epoch < 1 || *epoch > 9999 || fmt::format("{:04}", *epoch) != name) return std::nullopt;
  return epoch;
}

}  // namespace keys
}  // namespace owl::repository
