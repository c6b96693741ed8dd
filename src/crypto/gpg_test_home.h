#pragma once

#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "crypto/gpg.h"
#include "crypto/test_support.h"
#include "os/file.h"

namespace owl::crypto {

/// A GnuPG home of its own for a test, with a real gpg and keys without a passphrase. Under /tmp, because the agent's
/// socket has a path of at most 108 bytes. The agent is stopped and all is removed at the end.
class GpgHome {
 public:
  GpgHome() {
    std::string folder = "/tmp/owlgpgXXXXXX";
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    options_.home = folder;
    // Nobody is asked for anything while tests run, whatever terminal they have; and protecting a key takes no second.
    write("gpg-agent.conf", "pinentry-program /bin/false\ns2k-count 65536\n");
  }
  GpgHome(const GpgHome&) = delete;
  GpgHome& operator=(const GpgHome&) = delete;
  ~GpgHome() {
    (void)os::run_process({.argv = {"gpgconf", "--homedir", options_.home.native(), "--kill", "all"}});
    std::error_code ignored;
    std::filesystem::remove_all(options_.home, ignored);
  }

  const GpgOptions& options() const { return options_; }
  void write(const std::string& name, std::string_view text) const {
    os::replace_file(options_.home / name, as_bytes(text));
  }

  Bytes gpg(std::vector<std::string> arguments, ByteView input = {}) const {
    arguments.insert(arguments.begin(), {"--batch", "--no-tty", "--quiet", "--yes"});
    const auto result = run_gpg(options_, {.arguments = std::move(arguments), .input = input});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return result.output;
  }

  /// Makes a key; `extra` are arguments before --generate-key, such as a date to pretend.
  void make_key(const std::string& user_id, std::string_view key_lines, const std::string& expires = "0",
                const std::vector<std::string>& extra = {}, const std::string& passphrase = "") const {
    const std::string protection = passphrase.empty() ? "%no-protection" : "Passphrase: " + passphrase;
    const std::string script = std::string(key_lines) + "Name-Email: " + user_id + "\nExpire-Date: " + expires + "\n" +
                               protection + "\n%commit\n";
    auto arguments = extra;
    arguments.emplace_back("--generate-key");
    (void)gpg(arguments, as_bytes(script));
  }

  /// Fingerprints of all keys whose user id contains `query`: of the primary key, then of each subkey.
  std::vector<std::string> fingerprints(const std::string& query) const {
    const Bytes listing = gpg({"--with-colons", "--with-subkey-fingerprint", "--list-keys", query});
    std::vector<std::string> found;
    for (const auto line : split(as_text(listing), '\n')) {
      const auto fields = split(line, ':');
      if (fields[0] == "fpr") found.emplace_back(fields[9]);
    }
    return found;
  }
  std::string encryption_key(const std::string& query) const { return fingerprints(query).at(1); }

  /// Gives a key's public half to another home.
  void send_public_key(const std::string& query, const GpgHome& to) const {
    (void)to.gpg({"--import"}, gpg({"--export", query}));
  }

  static constexpr std::string_view cv25519 =
      "Key-Type: EDDSA\nKey-Curve: ed25519\nKey-Usage: sign\nSubkey-Type: ECDH\nSubkey-Curve: Curve25519\n"
      "Subkey-Usage: encrypt\n";
  static constexpr std::string_view rsa =
      "Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign\nSubkey-Type: RSA\nSubkey-Length: 2048\nSubkey-Usage: "
      "encrypt\n";
  static constexpr std::string_view sign_only = "Key-Type: EDDSA\nKey-Curve: ed25519\nKey-Usage: sign\n";
  static constexpr std::string_view rsa_for_all = "Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign encrypt\n";

 private:
  GpgOptions options_;
};

}  // namespace owl::crypto
