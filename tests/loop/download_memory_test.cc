// What a download takes of the server's memory: the package in the clear and the bound one are each there
// once. The heap is counted in this program.
#include "asn1/tlv.h"
#include "profile/package.h"
#include "smdp/bind.h"
#include "tests/loop/handset.h"
#include "tests/vectors/heap.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
// A sample with an element of somebody's own in it, so large that the whole has about `size` octets.
OwnedBytes package_of(unsigned number, size_t size) {
    const auto sample =
        *profile::sample_operational({.iccid = iccid(iccid_text(number)), .imsi = "001010000000001"});
    OwnedBytes out = owned(sample.reveal());
    const auto elements = *profile::parse(sample.reveal());
    const size_t end = elements.back().offset;
    if (size > out.size()) {
        OwnedBytes inside = *from_hex("A0058000810107 8103883703");
        append(inside, asn1::tlv(0x82, OwnedBytes(size - out.size(), 0x5A)));
        const OwnedBytes filler = asn1::tlv(0xA9, inside);
        out.insert(out.begin() + static_cast<std::ptrdiff_t>(end), filler.begin(), filler.end());
    }
    return out;
}
} // namespace

TEST_CASE("when a package is bound, it takes little more than the bound package itself") {
    SeededRandom random{51};
    for (const size_t size : {22'000u, 500'000u}) {
        const OwnedBytes package = package_of(1, size);
        const auto card = *crypto::PrivateKey::generate(crypto::Curve::p256, random);
        const auto otpk = card.public_key();
        const OwnedBytes host_id(8, 1), metadata(200, 2), oid(5, 3);
        for (const bool own_keys : {false, true}) {
            const vectors::HeapPeak peak;
            const auto bound = smdp::bind({.host_id = host_id,
                                           .smdp_oid = oid,
                                           .metadata = metadata,
                                           .package = package,
                                           .own_keys = own_keys},
                                          otpk,
                                          random);
            REQUIRE(bound);
            const size_t taken = peak.octets();
            MESSAGE(
                "bind of ", package.size(), " octets: ", taken, " at most, ", bound->tail.size(), " kept");
            CHECK(taken < bound->tail.size() + 20'000);
        }
    }
}

TEST_CASE("when a package is downloaded, the server takes what it keeps and what it answers") {
    SeededRandom random{52};
    const Pki pki{random};
    Smdp smdp{pki, random};
    unsigned number = 1;
    for (const size_t size : {22'000u, 500'000u}) {
        Handset phone{pki, smdp, random};
        phone.card_resource = {0x81, 0x01, 0x00, 0x82, 0x04, 0x7F, 0x00, 0x00, 0x00};
        const OwnedBytes package = package_of(number, size);
        phone.matching_id = matching_id_of(smdp.order_package(package, kBegin));
        REQUIRE(codes(phone.initiate()) == "");
        REQUIRE(codes(phone.authenticate()) == "");
        for (const bool again : {false, true}) {
            const OwnedBytes message = phone.package_message();
            const vectors::HeapPeak peak;
            const auto answer = smdp.exchange(message, kBegin);
            REQUIRE(answer);
            const size_t taken = peak.octets();
            MESSAGE(std::string(again ? "the same again" : "download"),
                    " of ",
                    package.size(),
                    " octets: ",
                    taken,
                    " at most");
            // The package and the bound one, which becomes the answer; or what was bound before and the
            // answer.
            CHECK(taken < 2 * package.size() + 40'000);
        }
        ++number;
    }
}
