// DER of an eUICC package and of a result, beside a walk over the same octets by OpenSSL and beside the least
// that a hand-written coder would do.
#include "bench/bench.h"
#include "rsp/eim_package.h"
#include <openssl/asn1.h>

namespace halyard::bench {
namespace {

using rsp::EuiccPackageRequest, rsp::EuiccPackageResult, rsp::EuiccPackageResultSigned;

void count_octets(benchmark::State& state, Bytes octets) {
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(octets.size()));
}

// Decoded with every field checked, then each operation or result looked at.
void decode_package(benchmark::State& state) {
    const OwnedBytes& der = samples().package;
    for (auto _ : state) {
        const auto request = asn1::decode<EuiccPackageRequest>(Bytes(der));
        const auto& list = std::get<0>(request->euicc_package_signed.value.euicc_package.is);
        (void)list.for_each([](const rsp::Psmo& p) { benchmark::DoNotOptimize(p.is.index()); });
    }
    count_octets(state, der);
}
void decode_result(benchmark::State& state) {
    const OwnedBytes& der = samples().result;
    for (auto _ : state) {
        const auto result = asn1::decode<EuiccPackageResult>(Bytes(der));
        const auto& data = std::get<0>(result->is).euicc_package_result_data_signed.value;
        (void)data.euicc_result.for_each(
            [](const rsp::EuiccResultData& r) { benchmark::DoNotOptimize(r.is.index()); });
    }
    count_octets(state, der);
}

void walk_with_openssl(benchmark::State& state, const OwnedBytes& der) {
    for (auto _ : state) benchmark::DoNotOptimize(openssl_walk(der));
    count_octets(state, der);
}

// Everything encoded anew, nothing taken over from the octets received.
void encode_package(benchmark::State& state) {
    const OwnedBytes& der = samples().package;
    auto request = must(asn1::decode<EuiccPackageRequest>(Bytes(der)));
    request.euicc_package_signed.der = {};
    std::vector<rsp::Psmo> operations;
    auto& list = std::get<0>(request.euicc_package_signed.value.euicc_package.is);
    (void)list.for_each([&](const rsp::Psmo& p) { operations.push_back(p); });
    list = {.content = {}, .items = operations};
    std::array<uint8_t, 4096> buffer;
    HALYARD_ASSERT(same(must(asn1::encode(request, buffer)), der));
    for (auto _ : state) benchmark::DoNotOptimize(asn1::encode(request, buffer));
    count_octets(state, der);
}
void encode_result(benchmark::State& state) {
    const OwnedBytes& der = samples().result;
    auto result = must(asn1::decode<EuiccPackageResult>(Bytes(der)));
    auto& exact = std::get<0>(result.is).euicc_package_result_data_signed;
    exact.der = {};
    std::vector<rsp::EuiccResultData> results;
    std::vector<rsp::ProfileInfo> profiles;
    (void)exact.value.euicc_result.for_each([&](const rsp::EuiccResultData& r) { results.push_back(r); });
    auto& list = std::get<0>(std::get<rsp::ProfileInfoListResponse>(results.front().is).is);
    (void)list.for_each([&](const rsp::ProfileInfo& p) { profiles.push_back(p); });
    list = {.content = {}, .items = profiles};
    exact.value.euicc_result = {.content = {}, .items = results};
    std::array<uint8_t, 4096> buffer;
    HALYARD_ASSERT(same(must(asn1::encode(result, buffer)), der));
    for (auto _ : state) benchmark::DoNotOptimize(asn1::encode(result, buffer));
    count_octets(state, der);
}

// The same TLVs put into a buffer by ASN1_put_object, the lengths being known beforehand.
struct Piece {
    int constructed, tag, tag_class;
    long length;
    Bytes content; // of a primitive
};
void flatten(Bytes der, std::vector<Piece>& out) {
    const unsigned char* p = der.data();
    const unsigned char* const end = p + der.size();
    while (p < end) {
        Piece piece{};
        const int how = ASN1_get_object(&p, &piece.length, &piece.tag, &piece.tag_class, end - p);
        HALYARD_ASSERT(!(how & 0x80));
        piece.constructed = how & V_ASN1_CONSTRUCTED ? 1 : 0;
        const Bytes content(p, static_cast<size_t>(piece.length));
        if (!piece.constructed) piece.content = content;
        out.push_back(piece);
        if (piece.constructed) flatten(content, out);
        p += piece.length;
    }
}
void put_with_openssl(benchmark::State& state, const OwnedBytes& der) {
    std::vector<Piece> pieces;
    flatten(der, pieces);
    std::array<uint8_t, 4096> buffer;
    for (auto _ : state) {
        unsigned char* p = buffer.data();
        for (const Piece& piece : pieces) {
            ASN1_put_object(
                &p, piece.constructed, static_cast<int>(piece.length), piece.tag, piece.tag_class);
            if (!piece.content.empty()) std::memcpy(p, piece.content.data(), piece.content.size());
            p += piece.content.size();
        }
        benchmark::DoNotOptimize(p);
        benchmark::ClobberMemory();
    }
    HALYARD_ASSERT(same(Bytes(buffer).first(der.size()), der));
    count_octets(state, der);
}

BENCHMARK(decode_package)->Name("der/package/decode");
BENCHMARK(encode_package)->Name("der/package/encode");
BENCHMARK(decode_result)->Name("der/result/decode");
BENCHMARK(encode_result)->Name("der/result/encode");
BENCHMARK_CAPTURE(walk_with_openssl, package, samples().package)->Name("der/package/walk:openssl");
BENCHMARK_CAPTURE(put_with_openssl, package, samples().package)->Name("der/package/put:openssl");
BENCHMARK_CAPTURE(walk_with_openssl, result, samples().result)->Name("der/result/walk:openssl");
BENCHMARK_CAPTURE(put_with_openssl, result, samples().result)->Name("der/result/put:openssl");

} // namespace
} // namespace halyard::bench
