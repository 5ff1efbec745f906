#include "bench/bench.h"
#include <openssl/asn1.h>

namespace halyard::bench {

size_t openssl_walk(Bytes der) {
    size_t n = 0;
    const unsigned char* p = der.data();
    const unsigned char* const end = p + der.size();
    while (p < end) {
        long length = 0;
        int tag = 0, tag_class = 0;
        const int how = ASN1_get_object(&p, &length, &tag, &tag_class, end - p);
        if (how & 0x80) return n;
        ++n;
        const Bytes content(p, static_cast<size_t>(length));
        if (how & V_ASN1_CONSTRUCTED) n += openssl_walk(content);
        p += length;
    }
    return n;
}

} // namespace halyard::bench
