#pragma once
// What both directions of a translation share: a forward writer and a walk over TLVs. No heap.
#include "asn1/asn1.h"
#include "rsp/dialect.h"
#include <cstring>

namespace halyard::rsp::dialect {

/// Writes TLVs front to back; a header is put before its content when that is complete.
class Writer {
  public:
    explicit Writer(Buffer buffer) : buffer_(buffer) {}
    void put(Bytes b) {
        if (b.size() > buffer_.size() - size_) {
            full_ = true;
            return;
        }
        if (!b.empty()) std::memcpy(&buffer_[size_], b.data(), b.size());
        size_ += b.size();
    }
    void put(asn1::Tag tag, Bytes content) {
        const size_t mark = open();
        put(content);
        close(tag, mark);
    }
    size_t open() const { return size_; }
    void close(asn1::Tag tag, size_t mark);
    Bytes written() const { return buffer_.first(size_); }
    bool full() const { return full_; }

  private:
    Buffer buffer_;
    size_t size_ = 0;
    bool full_ = false;
};

/// One message on its way from one form to another.
struct Translation {
    Bytes in;
    Edition edition; // to v1.2: what the sender is known to be; from v1.2: what is written
    Writer out;
    bool changed = false;
    bool mixed = false; // forms of v1.0 and of later editions in one message: they say nothing
    std::optional<Edition> seen{};
    std::optional<Edition> known{}; // to v1.2: absent when `edition` is an assumption

    /// The next TLV of `rest`; an error names `where` and counts octets from the start of the message.
    Result<asn1::Tlv> next(Bytes rest, const char* where) const;
    /// The only TLV within `content`. Errors: missing_field, bad_length naming `where`.
    Result<asn1::Tlv> only(Bytes content, const char* where) const;
    /// f(const Tlv&) -> Ok for each TLV of `content`.
    template <class F> Ok each(Bytes content, const char* where, F&& f) const {
        while (!content.empty()) {
            const asn1::Tlv tlv = TRY(next(content, where));
            TRY(f(tlv));
            content = tlv.rest;
        }
        return {};
    }
    /// The first TLV of `content` with that tag.
    Result<std::optional<asn1::Tlv>> find(Bytes content, asn1::Tag, const char* where) const;

    void saw(Edition);
    void copy(const asn1::Tlv& tlv) { out.put(tlv.whole); }
    void leave_out() { changed = true; }
    void rename(asn1::Tag tag, Bytes content) {
        out.put(tag, content);
        changed = true;
    }
    tl::unexpected<Error> refuse(Errc code, const char* where, const asn1::Tlv& at) const {
        return fail(code, where, at.tag, static_cast<uint32_t>(at.whole.data() - in.data()));
    }
};

using Rule = Ok (*)(Translation&, const asn1::Tlv& message);
struct ToV12 {
    Path path;
    asn1::Tag tag;
    Rule rule;
};
/// For editions before `since`. Without a rule: there is no such message.
struct FromV12 {
    Path path;
    asn1::Tag tag;
    Edition since;
    Rule rule;
    const char* name;
};
std::span<const ToV12> es10_to_v12();
std::span<const FromV12> es10_from_v12();

/// A code that the edition does not know becomes undefinedError.
Bytes known_code(Translation&, Bytes code, std::initializer_list<uint8_t> unknown);

/// What a RetrieveNotificationsListResponse of v1.0 holds. Both absent: none could be read, they stay on the
/// card.
struct Lists {
    std::optional<Bytes> notifications, results;
};
Result<Lists> lists_of(const Translation&, const asn1::Tlv& response, const char* where);
/// The elements of an euiccPackageResultList: bare alternatives in v1.0, each in a BF51 later.
Ok wrap_results(Translation&, Bytes elements);
Ok unwrap_results(Translation&, asn1::Tag, Bytes elements);

} // namespace halyard::rsp::dialect
