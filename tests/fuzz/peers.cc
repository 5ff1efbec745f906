// What strangers say before anything is signed: HTTP, JSON and certificates.
#include "binding/es9_json.h"
#include "binding/esipa_json.h"
#include "net/http_message.h"
#include "pki/mint_crl.h"
#include "rsp/chain.h"
#include "tests/fuzz/scene.h"
#include <nlohmann/json.hpp>

namespace halyard::fuzz {
namespace {

// ---- The JSON binding of ES9+ ----

void json(Bytes input) {
    Reader in(input);
    const uint8_t choice = in.octet();
    const auto function = static_cast<rsp::Es9Function>(choice % 5);
    const Bytes body = in.rest();
    if (choice & 0x80) { // as the ASN.1 form
        const auto text = binding::request_to_json(function, body);
        if (text) HALYARD_ASSERT(nlohmann::json::accept(*text));
        return;
    }
    if (choice & 0x40) {
        const auto answer = binding::answer_from_json(function, 200, text_of(body));
        if (!answer) return;
        const auto text = binding::answer_to_json(function, *answer);
        if (text) HALYARD_ASSERT(nlohmann::json::accept(*text));
        return;
    }
    const auto der = binding::request_from_json(function, text_of(body));
    if (!der) return;
    const auto text = binding::request_to_json(function, *der);
    if (!text) return; // parts are carried, not looked into
    const auto again = binding::request_from_json(function, *text);
    HALYARD_ASSERT(again && *again == *der);
}

std::vector<OwnedBytes> json_seeds() {
    std::vector<OwnedBytes> out;
    for (const OwnedBytes& m : scene().messages) {
        const auto function = binding::function_of_message(m);
        if (!function || m.size() > kEs9Json.max_size / 2) continue;
        const auto number = static_cast<uint8_t>(*function);
        OwnedBytes as_der{static_cast<uint8_t>(number | 0x80)};
        append(as_der, m);
        out.push_back(as_der);
        const auto text = binding::request_to_json(*function, m);
        if (text) {
            OwnedBytes seed{number};
            append(seed, bytes_of(*text));
            out.push_back(std::move(seed));
        }
        const auto answer = binding::answer_to_json(*function, {.der = m});
        if (answer) {
            OwnedBytes seed{static_cast<uint8_t>(number | 0x40)};
            append(seed, bytes_of(*answer));
            out.push_back(std::move(seed));
        }
    }
    return out;
}

// ---- The JSON binding of ESipa ----

// Whatever an eIM answers, the text says the same after it was read and written again.
void esipa_answer(binding::EsipaFunction function, const std::string& text) {
    const auto der = binding::esipa_answer_from_json(function, text);
    if (!der) return;
    const auto again = binding::esipa_answer_to_json(function, *der);
    if (!again) return;
    HALYARD_ASSERT(again->empty() || nlohmann::json::accept(*again));
    const auto back = binding::esipa_answer_from_json(function, *again);
    HALYARD_ASSERT(!back || *binding::esipa_answer_to_json(function, *back) == *again);
}

void esipa(Bytes input) {
    Reader in(input);
    const uint8_t choice = in.octet();
    const auto function = static_cast<binding::EsipaFunction>(choice % 7);
    const Bytes body = in.rest();
    switch (choice >> 6) {
    case 0: {
        const auto der = binding::esipa_request_from_json(function, text_of(body));
        if (!der) return;
        const auto text = binding::esipa_request_to_json(function, *der);
        if (!text) return; // parts are carried, not looked into
        HALYARD_ASSERT(nlohmann::json::accept(*text));
        const auto again = binding::esipa_request_from_json(function, *text);
        HALYARD_ASSERT(!again || *again == *der);
        return;
    }
    case 1: {
        const auto text = binding::esipa_request_to_json(function, body);
        if (text) HALYARD_ASSERT(nlohmann::json::accept(*text));
        return;
    }
    case 2: return esipa_answer(function, std::string(text_of(body)));
    default: {
        const auto text = binding::esipa_answer_to_json(function, body);
        if (text) esipa_answer(function, *text);
    }
    }
}

std::vector<OwnedBytes> esipa_seeds() {
    std::vector<OwnedBytes> out;
    const auto add = [&](unsigned kind, uint8_t number, Bytes octets) {
        OwnedBytes seed{static_cast<uint8_t>(kind << 6 | number)};
        append(seed, octets);
        // The function is the whole octet modulo 7: look for the kind's octet that means it.
        while (seed[0] % 7 != number) ++seed[0];
        out.push_back(std::move(seed));
    };
    for (const OwnedBytes& m : scene().messages) {
        const auto function = binding::esipa_function_of_message(m);
        if (!function || m.size() > kEsipaJson.max_size / 2) continue;
        const auto number = static_cast<uint8_t>(*function);
        add(1, number, m);
        add(3, number, m);
        if (const auto text = binding::esipa_request_to_json(*function, m)) add(0, number, bytes_of(*text));
        if (const auto text = binding::esipa_answer_to_json(*function, m)) add(2, number, bytes_of(*text));
    }
    return out;
}

// ---- HTTP/1.1 ----

struct Read {
    bool ok = true, done = false;
    size_t used = 0;
};
Read feed(net::HttpReader& reader, Bytes octets, size_t piece) {
    Read r;
    while (r.used < octets.size() && !reader.done()) {
        const Bytes part = octets.subspan(r.used, std::min(piece, octets.size() - r.used));
        const auto n = reader.feed(part);
        if (!n) return {false, false, r.used};
        HALYARD_ASSERT(*n == part.size() || reader.done());
        r.used += *n;
    }
    r.done = reader.done();
    return r;
}

void http(Bytes input) {
    Reader in(input);
    const uint8_t choice = in.octet();
    const Bytes octets = in.rest();
    const auto role = choice & 1 ? net::HttpReader::Role::response : net::HttpReader::Role::request;
    const net::HttpLimits limits{.header_bytes = 2048, .header_lines = 16, .body = 4096};
    net::HttpReader whole(role, limits), pieces(role, limits);
    const Read a = feed(whole, octets, octets.size() + 1);
    const Read b = feed(pieces, octets, 1 + (choice >> 1) % 7);
    // However it was cut on its way, it is the same message.
    HALYARD_ASSERT(a.ok == b.ok && a.done == b.done);
    if (!a.done) return;
    HALYARD_ASSERT(a.used == b.used && whole.keep_alive() == pieces.keep_alive());
    if (choice & 1) {
        const auto first = whole.take_response(), second = pieces.take_response();
        HALYARD_ASSERT(first.status == second.status && first.body == second.body);
        HALYARD_ASSERT(first.body.size() <= limits.body);
        return;
    }
    const auto first = whole.take_request(), second = pieces.take_request();
    HALYARD_ASSERT(first.body == second.body && first.method == second.method);
    HALYARD_ASSERT(first.body.size() <= limits.body);
}

std::vector<OwnedBytes> http_seeds() {
    std::vector<OwnedBytes> out;
    for (const char* text :
         {"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
          "POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: eim.test:8443\r\nContent-Type: "
          "application/x-gsma-rsp-asn1\r\nContent-Length: 4\r\n\r\nabcd",
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
          "HTTP/1.1 204 No Content\r\n\r\n",
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
          "HTTP/1.0 200 OK\r\n\r\nuntil the end",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\nT: v\r\n\r\n"})
        for (uint8_t choice : std::array<uint8_t, 4>{0, 1, 4, 5}) {
            OwnedBytes seed{choice};
            append(seed, bytes_of(std::string_view(text)));
            out.push_back(std::move(seed));
        }
    return out;
}

// ---- Certificates and revocation lists ----

// Of the scene's CI: the EUM's certificate revoked, the others not.
const OwnedBytes& revocation_list() {
    static const OwnedBytes list = [] {
        const loop::Pki& pki = scene().world.pki;
        const rsp::CrlEntry revoked[] = {{.serial = pki.eum.certificate.serial,
                                          .date = loop::kBegin,
                                          .reason = rsp::RevocationReason::key_compromise}};
        pki::CrlRequest r{.this_update = loop::kBegin, .next_update = loop::kBegin + Time(loop::kDay)};
        r.revoked = revoked;
        r.uris = {"http://ci.test.example.com/CRL-1.crl"};
        return *pki::mint_crl(r, pki.ci);
    }();
    return list;
}

void list(Bytes input) {
    (void)rsp::Crl::parse_file(input);
    const auto crl = rsp::Crl::parse(input);
    if (!crl) return;
    HALYARD_ASSERT(same(crl->der(), input));
    const auto entries = crl->entries(SIZE_MAX);
    HALYARD_ASSERT(entries.size() == crl->size());
    for (const rsp::CrlEntry& e : entries) HALYARD_ASSERT(crl->find(e.serial));
    // Where a list is required, only the one that our CI signed lets anybody through, and never the EUM.
    const loop::Pki& pki = scene().world.pki;
    rsp::Revocation revocation;
    revocation.required = true;
    revocation.crls.push_back(*crl);
    const auto ours = rsp::Crl::parse(revocation_list());
    if (rsp::check_under_anchor(
            pki.dp_auth.certificate, rsp::Role::dp_auth, pki.anchor, loop::kBegin, &revocation))
        HALYARD_ASSERT(same(crl->tbs(), ours->tbs()));
    HALYARD_ASSERT(
        !rsp::check_under_anchor(pki.eum.certificate, rsp::Role::eum, pki.anchor, loop::kBegin, &revocation));
}

void certificate(Bytes input) {
    list(input);
    const loop::Pki& pki = scene().world.pki;
    (void)crypto::Certificate::parse_file(input);
    const auto parsed = crypto::Certificate::parse(input);
    if (!parsed) return;
    HALYARD_ASSERT(same(parsed->der, input));
    HALYARD_ASSERT(crypto::Certificate::parse(parsed->der));
    // Only the five that our CI and EUM made are believed.
    const auto ours = [&](const crypto::Certificate& c) { return same(c.tbs, parsed->tbs); };
    const bool known = ours(pki.eum.certificate) || ours(pki.dp_auth.certificate) ||
                       ours(pki.dp_pb.certificate) || ours(pki.eim.certificate) || ours(pki.ci.certificate);
    for (const rsp::Role role : {rsp::Role::eum, rsp::Role::dp_auth, rsp::Role::dp_pb, rsp::Role::eim})
        if (rsp::check_under_anchor(*parsed, role, pki.anchor, loop::kBegin)) HALYARD_ASSERT(known);
    const OwnedBytes& euicc = scene().device.identity.keys.front().euicc_certificate;
    const auto device = crypto::Certificate::parse(euicc);
    if (rsp::check_euicc(*parsed, pki.eum.certificate, loop::kBegin)) HALYARD_ASSERT(ours(*device));
    (void)rsp::check_ci(*parsed, loop::kBegin);
    (void)rsp::server_oid(*parsed);
    // Above a leaf it lets nobody through, for our CI made no SubCA; unless it is passed over as the CI
    // itself.
    const crypto::Certificate path[] = {pki.dp_auth.certificate, *parsed};
    if (rsp::check_chain(path, rsp::Role::dp_auth, {&pki.anchor, 1}, loop::kBegin))
        HALYARD_ASSERT(parsed->public_key == pki.anchor.key);
    (void)rsp::recognise(*parsed);
}

std::vector<OwnedBytes> certificate_seeds() {
    const loop::Pki& pki = scene().world.pki;
    std::vector<OwnedBytes> out{scene().device.identity.keys.front().euicc_certificate};
    out.push_back(revocation_list());
    for (const auto* one : {&pki.ci, &pki.eum, &pki.dp_auth, &pki.dp_pb, &pki.eim}) {
        out.push_back(one->certificate.der);
        out.push_back(owned(bytes_of(one->certificate.to_pem())));
    }
    return out;
}
} // namespace

const Target kEs9Json{"es9_json", json, json_seeds, 8192};
const Target kEsipaJson{"esipa_json", esipa, esipa_seeds, 8192};
const Target kHttp{"http", http, http_seeds, 2048};
const Target kCertificate{"certificate", certificate, certificate_seeds, 1536};

} // namespace halyard::fuzz
