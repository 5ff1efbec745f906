#pragma once
#include "crypto/hash.h"

namespace halyard::rsp {

/// What is kept of a confirmation code: SHA-256 of it. SGP.22 §4.7
inline Sha256 hash_of_code(Bytes code) { return crypto::sha256({code}); }
/// hashCc of a session: SHA-256(SHA-256(code) | transactionId), of the octets of both. SGP.22 §4.7, §5.7.5
inline Sha256 hash_cc(Bytes code_hash, Bytes transaction_id) {
    return crypto::sha256({code_hash, transaction_id});
}

} // namespace halyard::rsp
