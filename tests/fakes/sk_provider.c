// SPDX-License-Identifier: ISC
// A security key without a device, for ssh-keygen -w, ssh-add -S and ssh-agent: a provider of
// OpenSSH's interface 0x000a (8.9 and later, so Debian 12 and 13).  Test code, never installed.
//
// The private key is the key handle, so it lies in the file that ssh-keygen writes.  What the key
// does is in the directory $STEPUP_TEST_SK, read anew for each signature:
//
//   behaviour   words: missed       nobody touches it: fails after a while
//                      refused      fails at once
//                      slow=MS      signs after so many milliseconds
//                      verified     verifies its user by itself, without a PIN
//                      flags=NUMBER puts these flags into what it signs
//                      counter=NUMBER  signs this counter
//   counter     of the last signature; counts up
//   signed      a line for each signature that was asked for
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { kVersion = 0x000a0000, kEcdsa = 0, kEd25519 = 1, kScalar = 32, kPoint = 65 };
enum { kPresence = 0x01, kVerification = 0x04 };
enum { kGeneral = -1, kUnsupported = -2, kPinRequired = -3 };

struct sk_option;

struct sk_enroll_response {
  uint8_t flags;
  uint8_t* public_key;
  size_t public_key_len;
  uint8_t* key_handle;
  size_t key_handle_len;
  uint8_t* signature;
  size_t signature_len;
  uint8_t* attestation_cert;
  size_t attestation_cert_len;
  uint8_t* authdata;
  size_t authdata_len;
};

struct sk_sign_response {
  uint8_t flags;
  uint32_t counter;
  uint8_t* sig_r;
  size_t sig_r_len;
  uint8_t* sig_s;
  size_t sig_s_len;
};

struct sk_resident_key;

// Opens a file of the directory that steers the key; NULL when there is none.
static FILE* open_steering(const char* name, int flags, const char* mode) {
  const char* directory = getenv("STEPUP_TEST_SK");
  char path[4096];
  if (directory == NULL || snprintf(path, sizeof path, "%s/%s", directory, name) < 0) return NULL;
  const int fd = open(path, flags | O_CLOEXEC, 0600);
  return fd < 0 ? NULL : fdopen(fd, mode);
}

// What follows `word` in the file "behaviour"; NULL when the word is not there.  One at a time.
static const char* behaves(const char* word) {
  static char text[512];
  FILE* file = open_steering("behaviour", O_RDONLY, "r");
  if (file == NULL) return NULL;
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  const char* found = strstr(text, word);
  return found == NULL ? NULL : found + strlen(word);
}

static unsigned number_of(const char* word, unsigned otherwise) {
  const char* found = behaves(word);
  return found == NULL ? otherwise : (unsigned)strtoul(found, NULL, 0);
}

static uint32_t next_counter(void) {
  FILE* file = open_steering("counter", O_RDWR | O_CREAT, "r+");
  unsigned long counter = 0;
  if (file == NULL) return 1;
  flock(fileno(file), LOCK_EX);
  if (fscanf(file, "%lu", &counter) != 1) counter = 0;
  rewind(file);
  fprintf(file, "%lu\n", ++counter);
  fclose(file);
  return (uint32_t)counter;
}

static void note(const char* application, uint32_t alg) {
  FILE* file = open_steering("signed", O_WRONLY | O_CREAT | O_APPEND, "a");
  if (file == NULL) return;
  fprintf(file, "%s %s\n", alg == kEcdsa ? "ecdsa" : "ed25519", application);
  fclose(file);
}

// The key pair of this private half; NULL when it is none.
static EVP_PKEY* load_key(uint32_t alg, const uint8_t* scalar) {
  if (alg == kEd25519) return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, scalar, kScalar);
  EC_GROUP* group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  EC_POINT* point = EC_POINT_new(group);
  BIGNUM* secret = BN_bin2bn(scalar, kScalar, NULL);
  uint8_t encoded[kPoint];
  EC_POINT_mul(group, point, secret, NULL, NULL, NULL);
  EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, encoded, sizeof encoded, NULL);
  OSSL_PARAM_BLD* builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof encoded);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, secret);
  OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  EVP_PKEY* key = NULL;
  if (EVP_PKEY_fromdata_init(context) == 1) {
    EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters);
  }
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  BN_free(secret);
  EC_POINT_free(point);
  EC_GROUP_free(group);
  return key;
}

static uint8_t* copy_of(const void* bytes, size_t size) {
  uint8_t* copy = malloc(size == 0 ? 1 : size);
  if (copy != NULL) memcpy(copy, bytes, size);
  return copy;
}

// OpenSSH asks for the PIN after kPinRequired, and calls again with it.
static int verify_user(uint8_t* flags, const char* pin) {
  if (behaves("verified") != NULL || pin != NULL) *flags |= kVerification;
  return (*flags & kVerification) != 0 && behaves("verified") == NULL && pin == NULL ? kPinRequired
                                                                                     : 0;
}

uint32_t sk_api_version(void) { return kVersion; }

int sk_enroll(uint32_t alg, const uint8_t* challenge, size_t challenge_len, const char* application,
              uint8_t flags, const char* pin, struct sk_option** options,
              struct sk_enroll_response** enroll_response) {
  (void)challenge, (void)challenge_len, (void)application, (void)options;
  if (alg != kEcdsa && alg != kEd25519) return kUnsupported;
  const int verified = verify_user(&flags, pin);
  if (verified != 0) return verified;
  EVP_PKEY* made = alg == kEcdsa ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  uint8_t scalar[kScalar];
  uint8_t point[kPoint];
  size_t scalar_size = sizeof scalar;
  size_t point_size = sizeof point;
  BIGNUM* secret = NULL;
  const int known =
      alg == kEd25519
          ? EVP_PKEY_get_raw_private_key(made, scalar, &scalar_size) == 1 &&
                EVP_PKEY_get_raw_public_key(made, point, &point_size) == 1
          : EVP_PKEY_get_bn_param(made, OSSL_PKEY_PARAM_PRIV_KEY, &secret) == 1 &&
                BN_bn2binpad(secret, scalar, sizeof scalar) > 0 &&
                EVP_PKEY_get_octet_string_param(made, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point,
                                                sizeof point, &point_size) == 1;
  BN_free(secret);
  EVP_PKEY_free(made);
  struct sk_enroll_response* response = calloc(1, sizeof *response);
  if (!known || response == NULL) return kGeneral;
  response->flags = flags;
  response->public_key = copy_of(point, point_size);
  response->public_key_len = point_size;
  response->key_handle = copy_of(scalar, sizeof scalar);
  response->key_handle_len = sizeof scalar;
  response->signature = copy_of("", 0);  // attests nothing
  *enroll_response = response;
  return 0;
}

// Fills in the signature over `message`, which is not hashed yet.
static int sign(EVP_PKEY* key, uint32_t alg, const uint8_t* message, size_t size,
                struct sk_sign_response* response) {
  uint8_t signature[128];
  size_t signature_size = sizeof signature;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const int made =
      EVP_DigestSignInit(context, NULL, alg == kEcdsa ? EVP_sha256() : NULL, NULL, key) == 1 &&
      EVP_DigestSign(context, signature, &signature_size, message, size) == 1;
  EVP_MD_CTX_free(context);
  if (!made) return kGeneral;
  if (alg == kEd25519) {
    response->sig_r = copy_of(signature, signature_size);
    response->sig_r_len = signature_size;
    return 0;
  }
  const unsigned char* at = signature;
  ECDSA_SIG* pair = d2i_ECDSA_SIG(NULL, &at, (long)signature_size);
  uint8_t numbers[2 * kScalar];
  if (pair == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(pair), numbers, kScalar) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair), numbers + kScalar, kScalar) < 0) {
    return kGeneral;
  }
  ECDSA_SIG_free(pair);
  response->sig_r = copy_of(numbers, kScalar);
  response->sig_s = copy_of(numbers + kScalar, kScalar);
  response->sig_r_len = response->sig_s_len = kScalar;
  return 0;
}

int sk_sign(uint32_t alg, const uint8_t* data, size_t data_len, const char* application,
            const uint8_t* key_handle, size_t key_handle_len, uint8_t flags, const char* pin,
            struct sk_option** options, struct sk_sign_response** sign_response) {
  (void)options;
  if (key_handle_len != kScalar) return kGeneral;
  note(application, alg);
  flags &= kPresence | kVerification;
  const int verified = verify_user(&flags, pin);
  if (verified != 0) return verified;
  if (behaves("refused") != NULL) return kGeneral;
  if (behaves("missed") != NULL) {
    usleep(1000 * number_of("missed=", 3000));
    return kGeneral;
  }
  usleep(1000 * number_of("slow=", 0));
  struct sk_sign_response* response = calloc(1, sizeof *response);
  EVP_PKEY* key = load_key(alg, key_handle);
  if (response == NULL || key == NULL) return kGeneral;
  response->flags = (uint8_t)number_of("flags=", flags);
  const uint32_t counter = next_counter();
  response->counter = number_of("counter=", counter);
  uint8_t message[SHA256_DIGEST_LENGTH + 1 + 4 + SHA256_DIGEST_LENGTH];
  SHA256((const unsigned char*)application, strlen(application), message);
  message[SHA256_DIGEST_LENGTH] = response->flags;
  for (int i = 0; i < 4; ++i) {
    message[SHA256_DIGEST_LENGTH + 1 + i] = (uint8_t)(response->counter >> (24 - 8 * i));
  }
  SHA256(data, data_len, message + SHA256_DIGEST_LENGTH + 1 + 4);
  const int made = sign(key, alg, message, sizeof message, response);
  EVP_PKEY_free(key);
  *sign_response = response;
  return made;
}

int sk_load_resident_keys(const char* pin, struct sk_option** options,
                          struct sk_resident_key*** keys, size_t* count) {
  (void)pin, (void)options;
  *keys = NULL;
  *count = 0;
  return 0;
}
