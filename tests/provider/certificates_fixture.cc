// Certificates made at test time through OpenSSL: none is kept in the tree to expire one day.

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "provider/scripted_server_fixture.h"

namespace reckon::tests {
namespace {

constexpr long kDay = 24 * 3600;

void add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) throw std::runtime_error("no extension " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void set_name(X509_NAME* name, const std::string& common_name) {
  X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                             static_cast<const unsigned char*>(static_cast<const void*>(common_name.c_str())),
                             -1, -1, 0);
}

struct Lifetime {
  long from_s, until_s;  // relative to now
};

X509* certificate(const std::string& common_name, EVP_PKEY* key, Lifetime lifetime, int serial) {
  X509* made = X509_new();
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial);
  X509_gmtime_adj(X509_getm_notBefore(made), lifetime.from_s);
  X509_gmtime_adj(X509_getm_notAfter(made), lifetime.until_s);
  X509_set_pubkey(made, key);
  set_name(X509_get_subject_name(made), common_name);
  return made;
}

}  // namespace

struct TestCertificates::State {
  EVP_PKEY* ca_key = EVP_EC_gen("P-256");
  EVP_PKEY* server_key = EVP_EC_gen("P-256");
  X509* ca = nullptr;
};

TestCertificates::TestCertificates() : state_(new State) {
  state_->ca = certificate("test authority", state_->ca_key, {-kDay, kDay}, 1);
  X509_set_issuer_name(state_->ca, X509_get_subject_name(state_->ca));
  add_extension(state_->ca, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(state_->ca, NID_key_usage, "critical,keyCertSign,cRLSign");
  X509_sign(state_->ca, state_->ca_key, EVP_sha256());
  std::string pattern = (std::filesystem::temp_directory_path() / "reckon-test-ca-XXXXXX").string();
  const int fd = ::mkstemp(pattern.data());
  if (fd < 0) throw std::runtime_error("no temporary file for the authority");
  ca_file_ = pattern;
  std::FILE* file = ::fdopen(fd, "w");
  PEM_write_X509(file, state_->ca);
  std::fclose(file);
}

TestCertificates::~TestCertificates() {
  X509_free(state_->ca);
  EVP_PKEY_free(state_->ca_key);
  EVP_PKEY_free(state_->server_key);
  delete state_;
  std::filesystem::remove(ca_file_);
}

bool TestCertificates::serve(
    Peer& peer, const std::string& name, Validity validity,
    const std::function<void(const std::function<void(std::string_view)>&)>& script) {
  const Lifetime lifetime = validity == Validity::kValid ? Lifetime{-kDay, kDay} : Lifetime{-2 * kDay, -kDay};
  X509* own = certificate(name, state_->server_key, lifetime, 2);
  X509_set_issuer_name(own, X509_get_subject_name(state_->ca));
  const bool numeric = name.find_first_not_of("0123456789.") == std::string::npos;
  add_extension(own, NID_subject_alt_name, (numeric ? "IP:" : "DNS:") + name);
  X509_sign(own, state_->ca_key, EVP_sha256());

  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context, own);
  SSL_CTX_use_PrivateKey(context, state_->server_key);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, peer.fd());
  const bool accepted = SSL_accept(ssl) == 1;
  char request[4096];
  if (accepted && SSL_read(ssl, request, sizeof request) > 0) {
    script([ssl](std::string_view bytes) { SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size())); });
    SSL_shutdown(ssl);
  }
  SSL_free(ssl);
  SSL_CTX_free(context);
  X509_free(own);
  return accepted;
}

}  // namespace reckon::tests
