#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "crypto/gpg.h"
#include "crypto/hex.h"
#include "crypto/wrap.h"

namespace owl::crypto {
namespace {

constexpr std::size_t fingerprint_digits = 40, key_id_digits = 16;
/// Somebody may have to find a smartcard first.
constexpr auto time_for_a_pin = std::chrono::minutes(10);

void check_fingerprint(const std::string& fingerprint) {
  const bool hex = fingerprint.find_first_not_of("0123456789ABCDEFabcdef") == std::string::npos;
  if (hex && fingerprint.size() == fingerprint_digits) return;
  throw Error(ErrorKind::config,
              fmt::format("\"{}\" is no full OpenPGP fingerprint (40 hexadecimal digits)", fingerprint));
}

/// gpg.conf of the account that runs us must not change what is written: a recipient more, an armour, hidden key ids.
GpgCall encryption(const std::vector<std::string>& recipients, ByteView secrets) {
  GpgCall call{
      .arguments = {"--batch", "--no-tty", "--quiet", "--rfc4880", "--cipher-algo", "AES256", "--compress-algo", "none",
                    "--trust-model", "always", "--no-encrypt-to", "--no-armor", "--no-throw-keyids"},
      .input = secrets};
  for (const auto& recipient : recipients) {
    call.arguments.insert(call.arguments.end(), {"--recipient", recipient + "!"});
  }
  call.arguments.emplace_back("--encrypt");
  return call;
}

/// What other implementations can read: session keys for each recipient, then one encrypted packet with integrity
/// protection as RFC 4880 has it.
void check_packets(ByteView message) {
  const auto tags = value_or_throw(openpgp_packet_tags(message));
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const int expected = i + 1 == tags.size() ? 18 : 1;
    if (tags[i] == expected) continue;
    throw Error(ErrorKind::unsupported,
                fmt::format("gpg wrote OpenPGP packets {}, which other programs can't read; 1 and 18 are allowed",
                            fmt::join(tags, ", ")))
        .with_hint("Look into gpg.conf for options that force AEAD or another form.");
  }
}

void check_recipients(ByteView message, const std::vector<std::string>& recipients) {
  const auto ids = openpgp_key_ids(message);
  std::vector<std::string> expected;
  for (const auto& fingerprint : recipients) {
    expected.push_back(to_upper_hex(value_or_throw(from_hex(fingerprint.substr(fingerprint_digits - key_id_digits)))));
  }
  if (std::ranges::is_permutation(ids, expected)) return;
  throw Error(ErrorKind::process, fmt::format("gpg encrypted to {} where {} were asked for", fmt::join(ids, ", "),
                                              fmt::join(expected, ", ")));
}

/// Why it can't be opened here, for the person who has to find the right keyring.
Error cannot_open(ByteView wrapped, const os::ProcessResult& result) {
  const auto ids = openpgp_key_ids(wrapped);
  const std::string wanted = ids.empty() ? "no key that can be told" : fmt::format("{}", fmt::join(ids, ", "));
  const auto absent = gpg_status(result.errors, "NO_SECKEY");
  if (!ids.empty() && absent.size() >= ids.size()) {
    return Error(ErrorKind::no_key,
                 fmt::format("this keyring has none of the private keys that would open it: {}", wanted))
        .with_hint("Import one of them (gpg --import), insert its smartcard, or restore on the machine that has it.");
  }
  return Error(ErrorKind::no_key,
               fmt::format("gpg could not decrypt (encrypted to {}): {}", wanted, gpg_complaint(result.errors)));
}

}  // namespace

Bytes wrap_openpgp(const GpgOptions& gpg, const std::vector<std::string>& recipients, ByteView secrets) {
  if (recipients.empty()) throw Error(ErrorKind::config, "there is no recipient to encrypt to");
  std::ranges::for_each(recipients, check_fingerprint);
  const auto result = run_gpg(gpg, encryption(recipients, secrets));
  if (result.exit_code != 0) {
    throw Error(ErrorKind::process, fmt::format("gpg could not encrypt to {}: {}", fmt::join(recipients, ", "),
                                                gpg_complaint(result.errors)));
  }
  check_packets(result.output);
  check_recipients(result.output, recipients);
  return result.output;
}

Bytes unwrap_openpgp(const GpgOptions& gpg, ByteView wrapped, std::stop_token stop) {
  // The status says which keys are absent (not so with --quiet) and that the integrity of all of it was checked: gpg's
  // stdout alone could be the part before a damage.
  GpgCall call{.arguments = {"--status-fd", "2", "--decrypt"},
               .input = wrapped,
               .deadline = time_for_a_pin,
               .stop = std::move(stop)};
  if (::isatty(STDIN_FILENO) == 0) call.arguments.insert(call.arguments.begin(), "--batch");
  auto result = run_gpg(gpg, call);
  if (result.exit_code == 0 && !gpg_status(result.errors, "DECRYPTION_OKAY").empty()) return std::move(result.output);
  throw cannot_open(wrapped, result);
}

}  // namespace owl::crypto
