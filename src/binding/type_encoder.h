#pragma once
// JSON -> DER by a description: the interpreter behind messages_from_json.
#include "binding/json_view.h"
#include "binding/message_json.h"

namespace halyard::binding {

/// The member that holds components unknown to this edition, as hex: ASN.1's own sign for what may come.
inline constexpr const char* kUnknown = "...";
/// "eimRetrieveHttps", or "bit7" where the type has no name for it.
std::string bit_name(const asn1::Type&, unsigned n);

/// Strict: what the description does not have is refused, what it requires must be there.
class TypeEncoder {
  public:
    explicit TypeEncoder(std::string path) : path_(std::move(path)) {}
    /// Empty with `fault` set when the JSON is not of this type. Takes from the heap what the message has in
    /// octets, at most twice while it grows, and what the longest string takes.
    OwnedBytes encode(const asn1::Type&, JsonView);
    std::optional<JsonFault> fault;
    size_t unknowns = 0; // components written from "..."

  private:
    struct Place {
        const char* name;
        asn1::Tag tag;
        asn1::Size size;
    };
    void put(const asn1::Type&, const Place&, JsonView, OwnedBytes& out);
    void sequence(const asn1::Type&, JsonView, OwnedBytes& out);
    void unknown(const asn1::Type&, JsonView members, OwnedBytes& out);
    void choice(const asn1::Type&, JsonView, OwnedBytes& out);
    void list(const asn1::Type&, JsonView, OwnedBytes& out);
    void any(const asn1::Type&, const Place&, JsonView, OwnedBytes& out);
    void leaf(const asn1::Type&, const Place&, JsonView, OwnedBytes& out);
    void integer(const asn1::Type&, const Place&, JsonView, OwnedBytes& out);
    void bits(const asn1::Type&, const Place&, JsonView, OwnedBytes& out);
    void text(const asn1::Type&, const Place&, JsonView, OwnedBytes& out);
    void oid(const asn1::Type&, const Place&, JsonView, OwnedBytes& out);
    void raw(const asn1::Type&, const Place&, JsonView, OwnedBytes& out);
    std::optional<OwnedBytes> octets(JsonView, const std::string& expected);
    void refuse(std::string reason, std::string expected);
    void member(const asn1::Field&, JsonView, OwnedBytes& out);
    void step_to(std::string_view name);

    std::string path_;
};

} // namespace halyard::binding
