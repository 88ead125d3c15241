#include "reckon/base/hash.h"

#include <openssl/evp.h>

#include <array>

#include "reckon/base/result.h"

namespace reckon::base {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  RECKON_CHECK(state_->context != nullptr && EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
  RECKON_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
  std::array<unsigned char, 32> digest{};
  RECKON_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), nullptr) == 1);
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string name = "sha256:";
  for (const unsigned char byte : digest) {
    name += kHex[byte >> 4];
    name += kHex[byte & 15];
  }
  return name;
}

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(bytes)));
  return hash.finish();
}

}  // namespace reckon::base
