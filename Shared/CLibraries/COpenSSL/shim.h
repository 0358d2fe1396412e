#ifndef TIEMCHUNG_COPENSSL_H
#define TIEMCHUNG_COPENSSL_H

// The low-level SHA-256 calls are deprecated in favour of EVP, whose per-call fetch costs more than
// the hash of a dose key itself; they are used for exactly that, see Hashing.swift.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/evp.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <openssl/cms.h>
#include <openssl/rand.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <openssl/rsa.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/asn1.h>
#include <openssl/ess.h>
#include <openssl/objects.h>

// Reads a PEM private key; a NULL passphrase never asks at the terminal. *wrong: the key is encrypted, and the
// passphrase is missing or not the one.
static inline int tiemchung_give_passphrase(char *buffer, int size, int writing, void *given) {
    const char *passphrase = given;
    size_t length = passphrase == NULL ? 0 : strlen(passphrase);
    (void)writing;
    if (length == 0 || length > (size_t)size) return -1;
    memcpy(buffer, passphrase, length);
    return (int)length;
}
static inline EVP_PKEY *tiemchung_read_private_key(BIO *bio, const char *passphrase) {
    return PEM_read_bio_PrivateKey(bio, NULL, tiemchung_give_passphrase, (void *)passphrase);
}
// PKCS #8, encrypted by AES-256-CBC under a key of PBKDF2.
static inline int tiemchung_write_encrypted_key(BIO *bio, const EVP_PKEY *key, const char *passphrase) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), passphrase, (int)strlen(passphrase), NULL, NULL);
}

// Macros and variadic functions of OpenSSL as plain functions, so that Swift can call them.

static inline EVP_PKEY *tiemchung_generate_p256(void) { return EVP_EC_gen("P-256"); }
static inline EVP_PKEY *tiemchung_generate_rsa(size_t bits) { return EVP_RSA_gen((unsigned int)bits); }

static inline long tiemchung_bio_bytes(BIO *bio, const unsigned char **bytes) {
    char *start = NULL;
    long length = BIO_get_mem_data(bio, &start);
    *bytes = (const unsigned char *)start;
    return length;
}

static inline int tiemchung_is_rsa(const EVP_PKEY *key) { return EVP_PKEY_is_a(key, "RSA"); }

// 1 if the key is an EC key on P-256.
static inline int tiemchung_is_p256(const EVP_PKEY *key) {
    char group[64];
    size_t length = 0;
    if (!EVP_PKEY_is_a(key, "EC")) return 0;
    if (!EVP_PKEY_get_group_name(key, group, sizeof group, &length)) return 0;
    return strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0;
}

// Affine coordinates of a P-256 public key, 32 bytes each.
static inline int tiemchung_p256_point(const EVP_PKEY *key, unsigned char *x, unsigned char *y) {
    BIGNUM *bx = NULL, *by = NULL;
    int ok = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &bx)
        && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &by)
        && BN_bn2binpad(bx, x, 32) == 32 && BN_bn2binpad(by, y, 32) == 32;
    BN_free(bx);
    BN_free(by);
    return ok;
}

// A public key from its affine coordinates; NULL if they are no point of the curve.
static inline EVP_PKEY *tiemchung_p256_public(const unsigned char *x, const unsigned char *y) {
    unsigned char point[65];
    char group[] = "P-256";
    OSSL_PARAM parameters[3];
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (context == NULL) return NULL;
    point[0] = 4;
    memcpy(point + 1, x, 32);
    memcpy(point + 33, y, 32);
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point);
    parameters[2] = OSSL_PARAM_construct_end();
    if (EVP_PKEY_fromdata_init(context) != 1
        || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    return key;
}

// RSASSA-PSS with SHA-256, MGF1 with SHA-256, salt of 32 bytes: PS256.
static inline int tiemchung_set_ps256(EVP_PKEY_CTX *context) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0
        && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0
        && EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0
        && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32) > 0;
}

static inline int tiemchung_set_sha256(EVP_PKEY_CTX *context) {
    return EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0;
}

static inline STACK_OF(X509) *tiemchung_certificates_new(void) { return sk_X509_new_null(); }
// Takes a reference of its own.
static inline int tiemchung_certificates_push(STACK_OF(X509) *stack, X509 *certificate) {
    if (!X509_up_ref(certificate)) return 0;
    if (sk_X509_push(stack, certificate) > 0) return 1;
    X509_free(certificate);
    return 0;
}
static inline int tiemchung_certificates_count(const STACK_OF(X509) *stack) { return sk_X509_num(stack); }
static inline X509 *tiemchung_certificates_at(const STACK_OF(X509) *stack, int index) {
    return sk_X509_value(stack, index);
}
static inline void tiemchung_certificates_free(STACK_OF(X509) *stack) { sk_X509_pop_free(stack, X509_free); }

static inline int tiemchung_signers_count(CMS_ContentInfo *cms) {
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
    return signers == NULL ? 0 : sk_CMS_SignerInfo_num(signers);
}
static inline CMS_SignerInfo *tiemchung_signer_at(CMS_ContentInfo *cms, int index) {
    return sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), index);
}

// Whether the signed attributes of a signer name its certificate in the form of RFC 5035.
static inline int tiemchung_has_signing_certificate_v2(CMS_SignerInfo *signer) {
    return CMS_signed_get_attr_by_NID(signer, NID_id_smime_aa_signingCertificateV2, -1) >= 0;
}

// The OIDs of the extended key usage as dotted text, joined by spaces; -1: extension absent, else the length.
static inline int tiemchung_extended_key_usage(X509 *certificate, char *text, int capacity) {
    int critical = -1, length = 0;
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, NULL);
    text[0] = 0;
    if (usage == NULL) return critical == -1 ? -1 : 0;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
        char one[128];
        int n = OBJ_obj2txt(one, sizeof one, sk_ASN1_OBJECT_value(usage, i), 1);
        if (n <= 0 || length + n + 2 > capacity) continue;
        memcpy(text + length, one, (size_t)n);
        length += n;
        text[length++] = ' ';
        text[length] = 0;
    }
    sk_ASN1_OBJECT_pop_free(usage, ASN1_OBJECT_free);
    return length;
}

// Seconds since 1970 of a certificate time; 0 on failure.
static inline int tiemchung_seconds(const ASN1_TIME *time, long long *seconds) {
    int days = 0, rest = 0, ok;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    ok = epoch != NULL && ASN1_TIME_diff(&days, &rest, epoch, time);
    *seconds = (long long)days * 86400 + rest;
    ASN1_TIME_free(epoch);
    return ok;
}

// A name in the form of RFC 2253, UTF-8 left as it is.
static inline int tiemchung_print_name(BIO *bio, const X509_NAME *name) {
    return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
}

static inline unsigned long tiemchung_error_text(char *text, size_t capacity) {
    unsigned long first = ERR_get_error();
    if (first != 0) ERR_error_string_n(first, text, capacity); else text[0] = 0;
    ERR_clear_error();
    return first;
}

#endif
