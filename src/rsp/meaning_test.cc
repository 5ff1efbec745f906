// The words about messages, against the descriptions they are about.
#include "rsp/meaning.h"
#include <doctest/doctest.h>
#include <set>
#include <string>

using namespace halyard;

namespace {
// Every member of every type, and every type's name.
struct Described {
    std::set<std::string> members, types, signatures;
    std::set<const asn1::Type*> seen;
    void add(const asn1::Type& type) {
        if (!seen.insert(&type).second) return;
        types.insert(type.name);
        for (const asn1::Field& f : type.fields) {
            members.insert(f.name);
            if (f.tag == 0x5F37) signatures.insert(f.name);
            add(*f.type);
        }
        if (type.item) add(*type.item);
    }
};
const Described& described() {
    static const Described all = [] {
        Described out;
        for (const rsp::Message& m : rsp::messages()) out.add(*m.type);
        return out;
    }();
    return all;
}
std::string route(const char* name) {
    const auto r = rsp::route_of(*rsp::message_named(name));
    return r ? std::string(r->interface) + ": " + r->from + " -> " + r->to : "";
}
} // namespace

TEST_CASE("when a member is a signature, it is known who makes it and over which member beside it") {
    for (const std::string& name : described().signatures) {
        INFO(name);
        const rsp::Signature* s = rsp::signature_named(name);
        REQUIRE(s);
        if (s->member) CHECK(described().members.contains(s->member));
    }
    CHECK(rsp::signature_named("eimId") == nullptr);
    CHECK(std::string_view(rsp::signature_named("euiccSignEPR")->signer) == "eUICC");
}

TEST_CASE("when words are kept about a member or a habit, there is such a member, type and tag") {
    size_t known = 0;
    for (const std::string& name : described().members)
        if (rsp::meaning_of(name)) ++known;
    CHECK(known > 80);
    CHECK(rsp::meaning_of("noSuchMember") == nullptr);
    for (const rsp::Habit& h : rsp::habits()) {
        INFO(std::string(h.cause));
        CHECK(described().types.contains(h.type));
    }
}

TEST_CASE("when a message is asked for its way, interface and both ends are those of its section") {
    CHECK(route("GetEimPackageRequest") == "ESipa: IPA -> eIM");
    CHECK(route("GetEimPackageResponse") == "ESipa: eIM -> IPA");
    CHECK(route("ProvideEimPackageResult") == "ESipa: IPA -> eIM");
    CHECK(route("ProvideEimPackageResultResponse") == "ESipa: eIM -> IPA");
    CHECK(route("HandleNotificationEsipa") == "ESipa: IPA -> eIM");
    CHECK(route("TransferEimPackageRequest") == "ESipa: eIM -> IPA");
    CHECK(route("TransferEimPackageResponse") == "ESipa: IPA -> eIM");
    CHECK(route("EuiccPackageRequest") == "ESep: eIM -> eUICC");
    CHECK(route("EuiccPackageResult") == "ESep: eUICC -> eIM");
    CHECK(route("IpaEuiccDataRequest") == "ESipa: eIM -> IPA");
    CHECK(route("IpaEuiccDataResponse") == "ESipa: IPA -> eIM");
    CHECK(route("GetCertsRequest") == "ES10b: IPA -> eUICC");
    CHECK(route("EUICCInfo2") == "ES10b: eUICC -> IPA");
    CHECK(route("AuthenticateServerResponse") == "ES10: eUICC -> IPA");
    CHECK(route("AuthenticateClientRequest") == "ES9+: IPA -> SM-DP+");
    CHECK(route("HandleNotification") == "ES9+: IPA -> SM-DP+");
    CHECK(route("AuthenticateClientResponseEs11") == "ES11: SM-DS -> IPA");
    CHECK(route("BoundProfilePackage") == "ES8+: SM-DP+ -> eUICC");
    CHECK(route("EimIdInfo").empty()); // a component
}
