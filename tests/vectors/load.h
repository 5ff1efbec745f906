#pragma once
// tests/vectors/manifest.json in memory. What the members mean: tests/vectors/README.md
#include "rsp/registry.h"
#include <nlohmann/json.hpp>

namespace halyard::vectors {

struct ExpectedDeviation {
    std::string name, field;
    std::optional<uint32_t> offset;
};
struct ExpectedError {
    std::string code, field;
    std::optional<uint32_t> offset, detail;
};
struct Vector {
    std::string id, type, edition, interface, direction, verdict;
    OwnedBytes der;
    OwnedBytes encoded; // what encoding the value again gives
    OwnedBytes v12;     // v1.0.1: the same message as v1.2 has it
    std::string body;   // JSON bindings
    std::optional<nlohmann::json> value;
    std::optional<ExpectedError> error;
    std::vector<ExpectedDeviation> deviations;
    bool strict_accepts = true;

    /// nullptr for bodies of a JSON binding, whose type is a function.
    const rsp::Message* message() const { return rsp::message_named(type); }
    bool is_body() const { return interface.ends_with("JSON"); }
    /// Octets of an edition that the registry's types read as they are.
    bool is_plain() const {
        return !is_body() && (edition == "v1.2" || edition == "v1.3" || edition == "SGP.22");
    }
};
/// All of them; read once, ends the process when the manifest is not readable.
const std::vector<Vector>& all_vectors();

/// One valid vector for each shape: those that differ only in an error code stand for one.
std::vector<const Vector*> distinct_valid();

/// A value as JSON and encoded again.
struct Shown {
    const asn1::Type* type;
    std::string json;
    Result<OwnedBytes> der = fail(Errc::internal);
};
/// For Message::read; `shown` is a Shown*.
void show(void* shown, const void* value);

} // namespace halyard::vectors
