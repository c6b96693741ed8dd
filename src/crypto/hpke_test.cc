#include "crypto/hpke.h"

#include <openssl/evp.h>

#include <fstream>

#include "base/text.h"
#include "crypto/hpke_schedule.h"
#include "crypto/test_support.h"
#include "crypto/x25519.h"

namespace owl::crypto {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

struct Vector {
  Fields setup;
  std::vector<Fields> messages;

  Bytes operator[](std::string_view name) const { return hex(setup.find(name)->second); }
  template <std::size_t N>
  ByteArray<N> array(std::string_view name) const {
    return hex_array<N>(setup.find(name)->second);
  }
  std::uint16_t aead_id() const { return static_cast<std::uint16_t>(std::stoi(setup.find("aead_id")->second)); }
};

/// Reads "name = value" lines: "aead_id" starts a vector, "sequence" a message of it.
std::vector<Vector> read_vectors() {
  std::ifstream file(OWL_TESTDATA "/crypto/hpke_mode_psk.txt");
  EXPECT_TRUE(file) << "no testdata";
  std::vector<Vector> vectors;
  for (std::string line; std::getline(file, line);) {
    const auto at = line.find(" = ");
    if (at == std::string::npos) continue;
    const std::string name = line.substr(0, at), value = line.substr(at + 3);
    if (name == "aead_id") vectors.emplace_back();
    if (name == "sequence") vectors.back().messages.emplace_back();
    Vector& vector = vectors.back();
    (vector.messages.empty() ? vector.setup : vector.messages.back())[name] = value;
  }
  return vectors;
}

const char* openssl_name(std::uint16_t aead_id) {
  return aead_id == 1 ? "AES-128-GCM" : aead_id == 2 ? "AES-256-GCM" : "ChaCha20-Poly1305";
}

/// Any of HPKE's AEADs, straight from OpenSSL: only the tests need more than one.
Bytes seal_with(std::uint16_t aead_id, ByteView key, ByteView nonce, ByteView aad, ByteView plain) {
  EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, openssl_name(aead_id), nullptr);
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  Bytes out(plain.size() + 16);
  int written = 0;
  EVP_EncryptInit_ex(context, cipher, nullptr, key.data(), nonce.data());
  EVP_EncryptUpdate(context, nullptr, &written, aad.data(), static_cast<int>(aad.size()));
  EVP_EncryptUpdate(context, out.data(), &written, plain.data(), static_cast<int>(plain.size()));
  EVP_EncryptFinal_ex(context, out.data() + written, &written);
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, out.data() + plain.size());
  EVP_CIPHER_CTX_free(context);
  EVP_CIPHER_free(cipher);
  return out;
}

HpkeSchedule schedule_of(const Vector& vector, const SecretKey& shared_secret) {
  const HpkeAead aead{vector.aead_id(), vector["key"].size()};
  const SecretKey psk(vector["psk"]);
  return hpke_key_schedule(aead, shared_secret, {vector["info"], psk, vector["psk_id"]});
}

TEST(Hpke, GivesTheModePskVectorsOfRfc9180) {
  const auto vectors = read_vectors();
  ASSERT_EQ(vectors.size(), 3);
  for (const auto& vector : vectors) {
    SCOPED_TRACE(openssl_name(vector.aead_id()));
    const auto dh = x25519_shared(SecretKey(vector["skRm"]), vector.array<32>("enc"));
    const auto shared_secret = hpke_shared_secret(dh, vector.array<32>("enc"), vector.array<32>("pkRm"));
    EXPECT_TRUE(equal(shared_secret.view(), vector["shared_secret"]));
    const auto schedule = schedule_of(vector, shared_secret);
    EXPECT_EQ(to_hex(schedule.key), vector.setup.at("key"));
    EXPECT_EQ(to_hex(schedule.base_nonce), vector.setup.at("base_nonce"));

    const HpkeContext context{SecretKey(counting<32>(0)), schedule.base_nonce};
    for (const auto& message : vector.messages) {
      const auto nonce = context.nonce(std::stoull(message.at("sequence")));
      EXPECT_EQ(to_hex(nonce), message.at("nonce"));
      EXPECT_EQ(to_hex(seal_with(vector.aead_id(), schedule.key, nonce, hex(message.at("aad")), hex(message.at("pt")))),
                message.at("ct"));
    }
  }
}

/// Gives out what a vector says was drawn.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(Bytes bytes) : bytes_(std::move(bytes)) {}
  void fill(MutableBytes out) override {
    ASSERT_EQ(out.size(), bytes_.size());
    std::ranges::copy(bytes_, out.begin());
  }

 private:
  Bytes bytes_;
};

TEST(Hpke, BothSidesGetTheAes256Vector) {
  const auto vectors = read_vectors();
  const Vector& vector = vectors.at(1);
  ASSERT_EQ(vector.aead_id(), 2);
  const SecretKey psk(vector["psk"]);
  ScriptedRandom random(vector["skEm"]);
  const auto sender = hpke_setup_sender(vector.array<32>("pkRm"), vector["info"], psk, vector["psk_id"], random);
  const auto receiver =
      hpke_setup_receiver(SecretKey(vector["skRm"]), sender.encapsulated_key, vector["info"], psk, vector["psk_id"]);
  EXPECT_EQ(to_hex(sender.encapsulated_key), vector.setup.at("enc"));
  EXPECT_EQ(to_hex(sender.context.key.view()), vector.setup.at("key"));
  EXPECT_EQ(to_hex(receiver.key.view()), vector.setup.at("key"));
  EXPECT_EQ(sender.context.base_nonce, receiver.base_nonce);

  AesGcm cipher(receiver.key);
  for (const auto& message : vector.messages) {
    const Bytes sealed = hex(message.at("ct"));
    Bytes plain(sealed.size() - gcm_tag_size);
    EXPECT_TRUE(
        cipher.open(receiver.nonce(std::stoull(message.at("sequence"))), hex(message.at("aad")), sealed, plain));
    EXPECT_EQ(to_hex(plain), message.at("pt"));
  }
}

TEST(Hpke, EveryInputChangesTheKey) {
  const SecretKey psk(counting<32>(1)), other_psk(counting<32>(2)), own(counting<32>(3)), other(counting<32>(4));
  CountingRandom random;
  const auto sender = hpke_setup_sender(x25519_public(own), as_bytes("info"), psk, as_bytes("id"), random);
  const auto receive = [&](const SecretKey& key, std::string_view info, const SecretKey& with, std::string_view id) {
    return hpke_setup_receiver(key, sender.encapsulated_key, as_bytes(info), with, as_bytes(id));
  };
  const auto same = [&](const HpkeContext& context) { return equal(context.key.view(), sender.context.key.view()); };
  EXPECT_TRUE(same(receive(own, "info", psk, "id")));
  EXPECT_FALSE(same(receive(other, "info", psk, "id")));
  EXPECT_FALSE(same(receive(own, "inf", psk, "id")));
  EXPECT_FALSE(same(receive(own, "info", other_psk, "id")));
  EXPECT_FALSE(same(receive(own, "info", psk, "i")));
}

TEST(Hpke, RefusesAnEncapsulatedKeyOfSmallOrder) {
  const SecretKey psk(counting<32>(1)), own(counting<32>(3));
  const auto error = error_of([&] { (void)hpke_setup_receiver(own, {}, {}, psk, {}); });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
}

TEST(Hpke, NoncesAreTheBaseXorTheBigEndianNumber) {
  const HpkeContext context{SecretKey(counting<32>(0)), hex_array<12>("000000000000000000000000")};
  EXPECT_EQ(to_hex(context.nonce(0x0102030405060708)), "000000000102030405060708");
}

}  // namespace
}  // namespace owl::crypto
