// Octets put together by hand from the tag tables of SGP.32 §3.2.3.2 and Annex B; the compact inputs are the
// shapes with the fewest members.
#include "rsp/compact.h"
#include <doctest/doctest.h>

using namespace halyard;

namespace {
OwnedBytes octets(const std::string& text) { return *from_hex(text); }

const std::string kResource = "8406810101820102";
const std::string kInfoBefore = "810302030182030205008303010000";
const std::string kInfoAfter =
    "850301480288020780A903040101AA0304010104030100000C0158900100B409A00504030102008200";
const std::string kCtx = "A00D80016DA108800401020304A100";
const std::string kSigned1 = "306F8004010203048303612E628410CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCBF2240" +
                             kInfoBefore + kResource + kInfoAfter + kCtx;
const std::string kFullAuthenticate =
    "BF388183A08180" + kSigned1 + "5F3702AABB" + "3003020101" + "3003020102";

/// Everything an eIM may know of one session.
struct Known {
    OwnedBytes tid = octets("01020304"), challenge = OwnedBytes(16, 0xCC), oid = octets("88370A");
    // Another extCardResource than the object brings, and a shorter one.
    OwnedBytes info2 = octets("BF223D" + kInfoBefore + "8403810100" + kInfoAfter);
    OwnedBytes ctx = octets(kCtx), euicc = octets("3003020101"), eum = octets("3003020102");
    OwnedBytes otpk = octets("0409"), hash = OwnedBytes(32, 0xEE);
    OwnedBytes buffer = OwnedBytes(1024);
    rsp::SessionFacts facts{.transaction_id = tid,
                            .server_address = "a.b",
                            .server_challenge = challenge,
                            .euicc_info2 = info2,
                            .euicc_certificate = *asn1::Raw::from(euicc),
                            .eum_certificate = *asn1::Raw::from(eum),
                            .smdp_oid = oid,
                            .iccid = *iccid_from_text("8901234567890123456")};

    std::string authenticate(const std::string& compact) {
        const auto out = rsp::expand_authenticate(octets(compact), facts, buffer);
        return out ? hex(*out) : out.error().where;
    }
    std::string prepare(const std::string& compact) {
        const OwnedBytes der = octets(compact);
        const auto out = rsp::expand_prepare(*asn1::decode<rsp::PrepareDownloadResponse>(der), facts, buffer);
        return out ? hex(*out) : out.error().where;
    }
    std::string cancel(const std::string& compact) {
        const OwnedBytes der = octets(compact);
        const auto out = rsp::expand_cancel(*asn1::decode<rsp::CancelSessionResponse>(der), facts, buffer);
        return out ? hex(*out) : out.error().where;
    }
    std::string notification(const std::string& compact) {
        const OwnedBytes der = octets(compact);
        const auto out =
            rsp::expand_notification(*asn1::decode<rsp::PendingNotification>(der), facts, buffer);
        return out ? hex(*out) : out.error().where;
    }
};
} // namespace

TEST_CASE("compactEuiccSigned1: transaction, address, challenge, euiccInfo2 and certificates are put back") {
    Known k;
    const std::string given = "BF3822A220A019" + kResource + "A20F" + kCtx + "5F3702AABB";
    CHECK(k.authenticate(given) == kFullAuthenticate);
    // ctxParams1 left out: the one that the eIM made.
    const std::string bare = "BF3811A20FA008" + kResource + "5F3702AABB";
    CHECK(k.authenticate(bare) == "ctxParams1");
    k.facts.ctx_params1 = k.ctx;
    CHECK(k.authenticate(bare) == kFullAuthenticate);
    CHECK(k.authenticate(given) == kFullAuthenticate);
}

TEST_CASE("a whole euiccSigned1 and certificates that come along are kept as they are") {
    Known k;
    k.facts = {.transaction_id = k.tid};
    CHECK(k.authenticate("BF388183A28180" + kSigned1 + "5F3702AABB" + "A103020101" + "A203020102") ==
          kFullAuthenticate);
    CHECK(k.authenticate("BF3878A276" + kSigned1 + "5F3702AABB") == "euiccCertificate");
}

TEST_CASE("what an eIM does not know of an authentication is named") {
    const std::string given = "BF3822A220A019" + kResource + "A20F" + kCtx + "5F3702AABB";
    Known a, b, c, d;
    a.facts.server_address = {};
    CHECK(a.authenticate(given) == "serverSigned1");
    b.facts.euicc_info2 = {};
    CHECK(b.authenticate(given) == "euiccInfo2");
    c.facts.eum_certificate = {};
    CHECK(c.authenticate(given) == "eumCertificate");
    // Not compact at all.
    CHECK(d.authenticate("BF380BA109800401020304020101") == "compactAuthenticateResponseOk");
    d.buffer.resize(100);
    const auto small = rsp::expand_authenticate(octets(given), d.facts, d.buffer);
    REQUIRE_FALSE(small);
    CHECK(small.error().code == Errc::no_space);
}

TEST_CASE("compactEuiccSigned2: the key is the one given or the one offered, hashCc the one given or sent") {
    Known k;
    CHECK(k.prepare("BF210EA20C30055F490204015F3702AABB") ==
          "BF2114A012300B8004010203045F490204015F3702AABB");
    CHECK(k.prepare("BF2109A20730005F3702AABB") == "bppEuiccOtpk");
    k.facts.bpp_euicc_otpk = k.otpk;
    k.facts.hash_cc = k.hash;
    CHECK(k.prepare("BF2109A20730005F3702AABB") ==
          "BF2136A034302D8004010203045F490204090420" + hex(k.hash) + "5F3702AABB");
    CHECK(k.prepare("BF210BA109800401020304020101") == "compactDownloadResponseOk");
}

TEST_CASE("compact cancellation: the reason is the one given or the one that the eIM caused") {
    Known k;
    const std::string full = "BF4117A015300E800401020304810388370A8201035F3702AABB";
    CHECK(k.cancel("BF410CA20A30038001035F3702AABB") == full);
    CHECK(k.cancel("BF4109A20730005F3702AABB") == "reason");
    k.facts.reason = rsp::CancelSessionReason::ppr_not_allowed;
    CHECK(k.cancel("BF4109A20730005F3702AABB") == full);
    CHECK(k.cancel("BF4103810105") == "compactCancelSessionResponseOk");
}

TEST_CASE("compact installation result: address, ICCID, OID, AID and the usual simaResponse are put back") {
    Known k;
    CHECK(k.notification("A018A011800401020304020109A206A0044F0210005F3702AABB") ==
          "BF374FBF2747800401020304BF2F18800109810207800C03612E625A0A981032547698103254F6"
          "060388370AA21FA01D4F10A0000005591010FFFFFFFF890010000004093007A00530038001005F3702AABB");
    // An unusual simaResponse comes along.
    CHECK(k.notification("A01CA015800401020304020109A20AA0084F021000040230005F3702AABB") ==
          "BF3748BF2740800401020304BF2F18800109810207800C03612E625A0A981032547698103254F6"
          "060388370AA218A0164F10A0000005591010FFFFFFFF8900100000040230005F3702AABB");
    // An error, and no ICCID.
    CHECK(k.notification("A01DA016800401020304020109010100A208A1068001008101015F3702AABB") ==
          "BF372CBF2724800401020304BF2F0C800109810207800C03612E62060388370AA208A1068001008101015F3702AABB");
    k.facts.iccid.reset();
    CHECK(k.notification("A018A011800401020304020109A206A0044F0210005F3702AABB") == "iccid");
    // Of another session than the facts are of.
    CHECK(k.notification("A018A011800401020305020109A206A0044F0210005F3702AABB") == "transactionId");
}

TEST_CASE("another compact notification: the certificates are put back") {
    Known k;
    const std::string tbs = "BF2F16800103810206400C01615A0A981032547698103254F6";
    CHECK(k.notification("A1305A1089049032123451234512345678901235" + tbs + "5F3702AABB") ==
          "3028" + tbs + "5F3702AABB30030201013003020102");
    k.facts.euicc_certificate = {};
    CHECK(k.notification("A11E" + tbs + "5F3702AABB") == "euiccCertificate");
}
