// SPDX-License-Identifier: GPL-2.0-or-later
//
// The OpenSSL names that libnvme.a refers to, so that the static boot client links without OpenSSL
// (4.9 MB with it, 1.4 MB without). libnvme needs them to generate DHCHAP keys and TLS identities,
// which the client never asks for; a call all the same would be a wrong answer about a key, so it ends
// the process and says which function was called.
//
// The list is what `nm` shows undefined over libnvme 1.3 (Debian 12) to 1.16, and over 3.1 as far as the
// client's link takes it in; a name that a version does not refer to is dropped by the linker.

#include <unistd.h>

#define ABSENT(name)                                                        \
    void name(void);                                                        \
    void name(void) {                                                       \
        static const char text[] = "nvmeroot: built without OpenSSL: " #name "\n"; \
        (void)!write(STDERR_FILENO, text, sizeof text - 1);                 \
        __builtin_trap();                                                   \
    }

// HMAC of a generated DHCHAP key: nvme_gen_dhchap_key()
ABSENT(EVP_MAC_CTX_free)
ABSENT(EVP_MAC_CTX_new)
ABSENT(EVP_MAC_fetch)
ABSENT(EVP_MAC_final)
ABSENT(EVP_MAC_free)
ABSENT(EVP_MAC_init)
ABSENT(EVP_MAC_update)
ABSENT(OSSL_LIB_CTX_free)
ABSENT(OSSL_LIB_CTX_new)
ABSENT(OSSL_PARAM_construct_end)
ABSENT(OSSL_PARAM_construct_utf8_string)

// HKDF and, in libnvme 3, digest of a TLS identity: nvme_insert_tls_key() and its kin, from libnvme 1.6 on
ABSENT(EVP_PKEY_CTX_add1_hkdf_info)
ABSENT(EVP_PKEY_CTX_free)
ABSENT(EVP_PKEY_CTX_new_id)
ABSENT(EVP_PKEY_CTX_set1_hkdf_key)
ABSENT(EVP_PKEY_CTX_set_hkdf_md)
ABSENT(EVP_PKEY_derive)
ABSENT(EVP_PKEY_derive_init)
ABSENT(EVP_DigestFinal_ex)
ABSENT(EVP_DigestInit_ex)
ABSENT(EVP_DigestUpdate)
ABSENT(EVP_MD_CTX_free)
ABSENT(EVP_MD_CTX_new)
ABSENT(EVP_sha256)
ABSENT(EVP_sha384)
ABSENT(EVP_sha512)
