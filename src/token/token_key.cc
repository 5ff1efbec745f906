#include "token/token_key.h"
#include <algorithm>
#include <memory>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

namespace halyard::token {
namespace {
constexpr size_t kNonce = 12, kTag = 16;

struct FreeUri {
    void operator()(P11KitUri* u) const { p11_kit_uri_free(u); }
};
using Uri = std::unique_ptr<P11KitUri, FreeUri>;

Result<Uri> parsed(const std::string& text) {
    Uri uri(p11_kit_uri_new());
    if (!uri || p11_kit_uri_parse(text.c_str(), P11_KIT_URI_FOR_ANY, uri.get()) != P11_KIT_URI_OK ||
        p11_kit_uri_any_unrecognized(uri.get()))
        return fail(Errc::bad_value, "pkcs11 URI");
    return uri;
}

Ok check(CK_RV rv, const char* where) {
    if (rv == CKR_OK) return {};
    if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED || rv == CKR_PIN_LEN_RANGE)
        return fail(Errc::rejected, "token PIN", static_cast<uint32_t>(rv));
    return fail(Errc::internal, where, static_cast<uint32_t>(rv));
}

// A module, loaded and initialised for as long as this lives.
class Module {
  public:
    Module() = default;
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    ~Module() {
        if (!list_) return;
        if (ready_) p11_kit_module_finalize(list_);
        p11_kit_module_release(list_);
    }
    Ok load(const char* path) {
        list_ = p11_kit_module_load(path, P11_KIT_MODULE_CRITICAL);
        if (!list_) return fail(Errc::unreachable, "token module");
        const CK_RV rv = p11_kit_module_initialize(list_);
        if (rv != CKR_OK) return fail(Errc::unreachable, "token module", static_cast<uint32_t>(rv));
        ready_ = true;
        return {};
    }
    CK_FUNCTION_LIST* operator->() const { return list_; }

  private:
    CK_FUNCTION_LIST* list_ = nullptr;
    bool ready_ = false;
};

class Session {
  public:
    Session() = default;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() {
        if (open_) module->C_CloseSession(handle);
    }
    Ok open(const KeyUri& where, Bytes pin);
    Module module;
    CK_SESSION_HANDLE handle = 0;
    CK_OBJECT_HANDLE key = 0;

  private:
    Ok find_token(P11KitUri*);
    Ok find_key(P11KitUri*);
    Ok must_be(CK_ATTRIBUTE_TYPE, bool value, const char* name);
    CK_SLOT_ID slot_ = 0;
    bool open_ = false;
};

Ok Session::find_token(P11KitUri* uri) {
    CK_ULONG count = 0;
    TRY(check(module->C_GetSlotList(CK_TRUE, nullptr, &count), "C_GetSlotList"));
    std::vector<CK_SLOT_ID> slots(count);
    TRY(check(module->C_GetSlotList(CK_TRUE, slots.data(), &count), "C_GetSlotList"));
    size_t found = 0;
    for (const CK_SLOT_ID slot : slots) {
        CK_TOKEN_INFO info{};
        if (module->C_GetTokenInfo(slot, &info) != CKR_OK) continue;
        if (!p11_kit_uri_match_token_info(uri, &info)) continue;
        slot_ = slot;
        ++found;
    }
    if (found > 1) return fail(Errc::conflict, "token"); // which one is not for us to guess
    return found ? Ok{} : fail(Errc::not_found, "token");
}

Ok Session::find_key(P11KitUri* uri) {
    CK_ULONG count = 0;
    const CK_ATTRIBUTE* named = p11_kit_uri_get_attributes(uri, &count);
    std::vector<CK_ATTRIBUTE> wanted(named, named + count);
    CK_OBJECT_CLASS secret_key = CKO_SECRET_KEY;
    CK_KEY_TYPE aes = CKK_AES;
    std::erase_if(wanted, [](const CK_ATTRIBUTE& a) { return a.type == CKA_CLASS; });
    wanted.push_back({CKA_CLASS, &secret_key, sizeof secret_key});
    wanted.push_back({CKA_KEY_TYPE, &aes, sizeof aes});
    TRY(check(module->C_FindObjectsInit(handle, wanted.data(), wanted.size()), "C_FindObjectsInit"));
    std::array<CK_OBJECT_HANDLE, 2> keys{};
    CK_ULONG found = 0;
    const CK_RV rv = module->C_FindObjects(handle, keys.data(), keys.size(), &found);
    (void)module->C_FindObjectsFinal(handle);
    TRY(check(rv, "C_FindObjects"));
    if (found > 1) return fail(Errc::conflict, "token key");
    if (!found) return fail(Errc::not_found, "token key");
    key = keys[0];
    return {};
}

Ok Session::must_be(CK_ATTRIBUTE_TYPE type, bool value, const char* name) {
    CK_BBOOL is = value ? CK_FALSE : CK_TRUE;
    CK_ATTRIBUTE attribute{type, &is, sizeof is};
    TRY(check(module->C_GetAttributeValue(handle, key, &attribute, 1), name));
    if ((is == CK_TRUE) != value) return fail(Errc::rejected, name);
    return {};
}

Ok Session::open(const KeyUri& where, Bytes pin) {
    const Uri uri = TRY(parsed(where.text));
    TRY(module.load(p11_kit_uri_get_module_path(uri.get())));
    TRY(find_token(uri.get()));
    TRY(check(module->C_OpenSession(slot_, CKF_SERIAL_SESSION, nullptr, nullptr, &handle), "C_OpenSession"));
    open_ = true;
    // The interface takes it without const, and changes nothing.
    auto* text = const_cast<CK_UTF8CHAR*>(pin.data());
    const CK_RV rv = module->C_Login(handle, CKU_USER, text, pin.size());
    if (rv != CKR_USER_ALREADY_LOGGED_IN) TRY(check(rv, "C_Login"));
    TRY(find_key(uri.get()));
    TRY(must_be(CKA_EXTRACTABLE, false, "CKA_EXTRACTABLE"));
    return must_be(CKA_SENSITIVE, true, "CKA_SENSITIVE");
}

// Mechanism parameters; the module may keep pointers until the operation ends.
struct Gcm {
    std::array<uint8_t, kNonce> nonce;
    std::string context;
    CK_GCM_PARAMS parameters{};
    CK_MECHANISM mechanism{};
    Gcm(Bytes n, std::string_view c) : context(c) {
        std::copy(n.begin(), n.end(), nonce.begin());
        parameters.iv_ptr = nonce.data();
        parameters.iv_len = nonce.size();
        parameters.iv_bits = 8 * nonce.size();
        parameters.aad_ptr = reinterpret_cast<uint8_t*>(context.data());
        parameters.aad_len = context.size();
        parameters.tag_bits = 8 * kTag;
        mechanism = {CKM_AES_GCM, &parameters, sizeof parameters};
    }
    Gcm(const Gcm&) = delete;
    Gcm& operator=(const Gcm&) = delete;
};
} // namespace

Result<KeyUri> parse_key_uri(const std::string& text) {
    const Uri uri = TRY(parsed(text));
    if (p11_kit_uri_get_pin_value(uri.get())) return fail(Errc::unsupported, "pin-value");
    if (!p11_kit_uri_get_module_path(uri.get())) return fail(Errc::missing_field, "module-path");
    const char* source = p11_kit_uri_get_pin_source(uri.get());
    if (!source) return fail(Errc::missing_field, "pin-source");
    CK_ULONG count = 0;
    (void)p11_kit_uri_get_attributes(uri.get(), &count);
    if (!count) return fail(Errc::missing_field, "object or id");
    std::string pin(source);
    if (pin.starts_with("file:")) pin.erase(0, 5);
    while (pin.starts_with("//")) pin.erase(0, 1);
    if (pin.starts_with('|') || pin.empty()) return fail(Errc::unsupported, "pin-source");
    return KeyUri{text, pin};
}

Result<OwnedBytes>
wrap(const KeyUri& where, Bytes pin, Bytes secret, std::string_view context, Random& random) {
    Session session;
    TRY(session.open(where, pin));
    Gcm gcm(TRY(random.draw<kNonce>()), context);
    TRY(check(session.module->C_EncryptInit(session.handle, &gcm.mechanism, session.key), "C_EncryptInit"));
    OwnedBytes out(gcm.nonce.begin(), gcm.nonce.end());
    out.resize(kNonce + secret.size() + kTag);
    CK_ULONG size = out.size() - kNonce;
    auto* plain = const_cast<CK_BYTE*>(secret.data());
    TRY(check(session.module->C_Encrypt(session.handle, plain, secret.size(), out.data() + kNonce, &size),
              "C_Encrypt"));
    out.resize(kNonce + size);
    return out;
}

Result<SecretBytes> unwrap(const KeyUri& where, Bytes pin, Bytes wrapped, std::string_view context) {
    if (wrapped.size() < kNonce + kTag) return fail(Errc::bad_length, "wrapped key");
    Session session;
    TRY(session.open(where, pin));
    Gcm gcm(wrapped.first(kNonce), context);
    TRY(check(session.module->C_DecryptInit(session.handle, &gcm.mechanism, session.key), "C_DecryptInit"));
    const Bytes cipher = wrapped.subspan(kNonce);
    SecretBytes out(cipher.size());
    CK_ULONG size = out.size();
    auto* in = const_cast<CK_BYTE*>(cipher.data());
    const CK_RV rv =
        session.module->C_Decrypt(session.handle, in, cipher.size(), out.writable().data(), &size);
    if (rv == CKR_ENCRYPTED_DATA_INVALID || rv == CKR_ENCRYPTED_DATA_LEN_RANGE || rv == CKR_GENERAL_ERROR)
        return fail(Errc::unverified, "wrapped key", static_cast<uint32_t>(rv));
    TRY(check(rv, "C_Decrypt"));
    return SecretBytes(out.reveal().first(size));
}

} // namespace halyard::token
