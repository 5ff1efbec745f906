#pragma once
// JSON -> DER by a description: the interpreter behind messages_from_json.
#include "binding/message_json.h"
#include <nlohmann/json.hpp>

namespace halyard::binding {

/// The member that holds components unknown to this edition, as hex: ASN.1's own sign for what may come.
inline constexpr const char* kUnknown = "...";
/// "eimRetrieveHttps", or "bit7" where the type has no name for it.
std::string bit_name(const asn1::Type&, unsigned n);

/// Strict: what the description does not have is refused, what it requires must be there.
class TypeEncoder {
  public:
    using Json = nlohmann::ordered_json;
    explicit TypeEncoder(std::string path) : path_(std::move(path)) {}
    /// Empty with `fault` set when the JSON is not of this type.
    OwnedBytes encode(const asn1::Type&, const Json&);
    std::optional<JsonFault> fault;
    size_t unknowns = 0; // components written from "..."

  private:
    struct Place {
        const char* name;
        asn1::Tag tag;
        asn1::Size size;
    };
    void put(const asn1::Type&, const Place&, const Json&, OwnedBytes& out);
    void sequence(const asn1::Type&, const Json&, OwnedBytes& out);
    void unknown(const asn1::Type&, const Json& members, OwnedBytes& out);
    void choice(const asn1::Type&, const Json&, OwnedBytes& out);
    void list(const asn1::Type&, const Json&, OwnedBytes& out);
    void any(const asn1::Type&, const Place&, const Json&, OwnedBytes& out);
    void leaf(const asn1::Type&, const Place&, const Json&, OwnedBytes& out);
    void integer(const asn1::Type&, const Place&, const Json&, OwnedBytes& out);
    void bits(const asn1::Type&, const Place&, const Json&, OwnedBytes& out);
    void text(const asn1::Type&, const Place&, const Json&, OwnedBytes& out);
    void oid(const asn1::Type&, const Place&, const Json&, OwnedBytes& out);
    void raw(const asn1::Type&, const Place&, const Json&, OwnedBytes& out);
    std::optional<OwnedBytes> octets(const Json&, const std::string& expected);
    void refuse(std::string reason, std::string expected);
    void member(const std::string& name, const asn1::Field&, const Json&, OwnedBytes& out);

    std::string path_;
};

} // namespace halyard::binding
