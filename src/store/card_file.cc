#include "store/card_file.h"
#include "base/secret.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace halyard::store {
namespace {
using euicc::CardWrite;
using What = CardWrite::What;

// File: magic, 8 octets of zero, records. Record: head, body, zeros up to a multiple of 16. Numbers are
// big-endian. Heads stand at multiples of 16, so that no sector boundary cuts one.
constexpr char kMagic[8] = {'H', 'Y', 'C', 'A', 'R', 'D', '0', '2'};
constexpr char kMagicOfFormat1[8] = {'H', 'Y', 'C', 'A', 'R', 'D', '0', '1'};
constexpr size_t kHead = 16;     // of the file; of a record: u32 size, u32 check of size and place, u64 sum
constexpr size_t kWriteHead = 8; // u8 what, 0, u16 profile, u32 size
constexpr uint64_t kSlack = 64 << 10; // octets that may be outdated beside as many as count

auto os_error(const char* where) { return fail(Errc::storage, where, static_cast<uint32_t>(errno)); }

// FNV-1a: finds decay, not attackers; whoever can write here owns the card anyway.
uint64_t checksum(Bytes b, uint64_t h = 0xCBF29CE484222325u) {
    for (uint8_t x : b) h = (h ^ x) * 0x100000001B3u;
    return h;
}

void put(Buffer out, uint64_t value) {
    for (size_t i = out.size(); i-- > 0; value >>= 8) out[i] = static_cast<uint8_t>(value);
}
uint64_t number(Bytes in) {
    uint64_t out = 0;
    for (uint8_t b : in) out = out << 8 | b;
    return out;
}
constexpr uint64_t aligned(uint64_t n) { return (n + 15) & ~uint64_t{15}; }

std::array<uint8_t, kHead> record_head(Bytes body, uint64_t at) {
    std::array<uint8_t, kHead> out{}, seen{};
    put(Buffer(out).first(4), body.size());
    put(seen, at);
    std::copy(out.begin(), out.begin() + 4, seen.begin());
    put(Buffer(out).subspan(4, 4), checksum(seen));
    put(Buffer(out).subspan(8), checksum(body));
    return out;
}

void add(SecretBytes& body, const CardWrite& w) {
    std::array<uint8_t, kWriteHead> head{};
    head[0] = static_cast<uint8_t>(w.what);
    put(Buffer(head).subspan(2, 2), w.profile);
    put(Buffer(head).subspan(4), w.octets.size());
    body.append(head);
    body.append(w.octets);
}

// A body as it stands at that place of the file.
SecretBytes record(Bytes body, uint64_t at) {
    SecretBytes out;
    out.append(record_head(body, at));
    out.append(body);
    out.append(OwnedBytes(aligned(body.size()) - body.size()));
    return out;
}

struct File {
    int fd;
    ~File() {
        if (fd >= 0) ::close(fd);
    }
};
bool write_all(int fd, Bytes data, uint64_t at) {
    while (!data.empty()) {
        const ssize_t n = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data = data.subspan(static_cast<size_t>(n));
        at += static_cast<uint64_t>(n);
    }
    return true;
}
bool read_all(int fd, Buffer out, uint64_t at) {
    while (!out.empty()) {
        const ssize_t n = ::pread(fd, out.data(), out.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        out = out.subspan(static_cast<size_t>(n));
        at += static_cast<uint64_t>(n);
    }
    return true;
}

bool all_zero(Bytes b) {
    return std::all_of(b.begin(), b.end(), [](uint8_t x) { return x == 0; });
}

// A sector that power was cut before: it is whole or was never filled.
bool has_empty_sector(Bytes record, uint64_t at) {
    constexpr uint64_t kSector = 512;
    for (uint64_t n = 0; n < record.size();) {
        const uint64_t size = std::min<uint64_t>(kSector - (at + n) % kSector, record.size() - n);
        if (all_zero(record.subspan(n, size))) return true;
        n += size;
    }
    return false;
}

// What stands behind the last record: another one, what a power cut may leave, or decay. The first record
// came with its file, so nothing was cut off there.
enum class Tail { record, cut_off, decayed };
Tail look(Bytes rest, uint64_t at, Bytes& body) {
    const Tail otherwise = at == kHead ? Tail::decayed : Tail::cut_off;
    if (rest.size() < kHead) return otherwise;
    const Bytes head = rest.first(kHead);
    if (all_zero(head)) return otherwise;
    std::array<uint8_t, kHead> seen{};
    put(seen, at);
    std::copy(head.begin(), head.begin() + 4, seen.begin());
    std::array<uint8_t, 4> check{};
    put(check, checksum(seen));
    if (!same(check, head.subspan(4, 4))) return Tail::decayed;
    const uint64_t size = number(head.first(4)), whole = kHead + aligned(size);
    if (whole > rest.size()) return otherwise;
    body = rest.subspan(kHead, size);
    if (number(head.subspan(8)) == checksum(body) &&
        all_zero(rest.subspan(kHead + size, aligned(size) - size)))
        return Tail::record;
    return whole == rest.size() && has_empty_sector(rest, at) ? otherwise : Tail::decayed;
}

// A body is made of whole writes, or it was not made by us.
bool is_sound(Bytes body) {
    while (!body.empty()) {
        if (body.size() < kWriteHead || body[0] > static_cast<uint8_t>(What::erase)) return false;
        const uint64_t size = number(body.subspan(4, 4));
        if (size > body.size() - kWriteHead) return false;
        body = body.subspan(kWriteHead + size);
    }
    return true;
}
} // namespace

void CardFile::Index::take(Bytes body, uint64_t at) {
    for (uint64_t n = 0; n < body.size();) {
        const Place place{at + n + kWriteHead, static_cast<uint32_t>(number(body.subspan(n + 4, 4)))};
        const auto profile = static_cast<uint16_t>(number(body.subspan(n + 2, 2)));
        switch (static_cast<What>(body[n])) {
        case What::state: state = place; break;
        case What::image: images[profile] = {place, {}}; break;
        case What::patch: images[profile].patches.push_back(place); break;
        case What::erase: images.erase(profile); break;
        }
        n += kWriteHead + place.size;
    }
}

uint64_t CardFile::Index::live() const {
    uint64_t total = state ? state->size : 0;
    for (const auto& [profile, image] : images) {
        total += image.image.size;
        for (const Place& p : image.patches) total += kWriteHead + p.size;
    }
    return total;
}

Result<CardFile> CardFile::open(const std::filesystem::path& path) {
    const std::string lock_path = path.string() + ".lock";
    const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) return os_error("card lock");
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        ::close(lock);
        return fail(Errc::conflict, "card is in use");
    }
    return CardFile(path, lock);
}

CardFile::CardFile(CardFile&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)),
      file_(std::exchange(other.file_, -1)), index_(std::move(other.index_)),
      format_1_(std::move(other.format_1_)), renewal_(other.renewal_) {}

CardFile::~CardFile() {
    wipe(format_1_);
    close_file();
    if (lock_ >= 0) ::close(lock_);
}

void CardFile::close_file() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
}

Result<OwnedBytes> CardFile::load() {
    close_file();
    index_ = {};
    renewal_ = false;
    file_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
    if (file_ < 0) {
        if (errno == ENOENT) return OwnedBytes{};
        return os_error("card file");
    }
    struct stat info {};
    if (::fstat(file_, &info) != 0) return os_error("card file");
    SecretBytes content(static_cast<size_t>(info.st_size));
    if (!read_all(file_, content.writable(), 0)) return os_error("card file");
    const Bytes all = content.reveal();
    if (all.size() >= kHead && std::memcmp(all.data(), kMagicOfFormat1, sizeof kMagic) == 0)
        return load_format_1(all);
    if (all.size() < kHead || std::memcmp(all.data(), kMagic, sizeof kMagic) != 0 ||
        !all_zero(all.subspan(sizeof kMagic, kHead - sizeof kMagic)))
        return fail(Errc::bad_value, "card file");
    for (index_.end = kHead; index_.end < all.size();) {
        Bytes body;
        const Tail tail = look(all.subspan(index_.end), index_.end, body);
        if (tail == Tail::decayed || (tail == Tail::record && !is_sound(body)))
            return fail(Errc::unverified, "card file");
        renewal_ = tail == Tail::cut_off;
        if (renewal_) break;
        index_.take(body, index_.end + kHead);
        index_.end += kHead + aligned(body.size());
    }
    // Its first record came with the file, by renaming.
    if (!index_.state) return fail(Errc::unverified, "card file");
    return owned(all.subspan(index_.state->at, index_.state->size));
}

// Magic, sum in the order of the machine, one snapshot with everything in it.
Result<OwnedBytes> CardFile::load_format_1(Bytes whole) {
    uint64_t sum = 0;
    std::memcpy(&sum, whole.data() + sizeof kMagic, sizeof sum);
    if (sum != checksum(whole.subspan(kHead))) return fail(Errc::unverified, "card file");
    renewal_ = true;
    format_1_ = owned(whole.subspan(kHead));
    return format_1_;
}

Result<OwnedBytes> CardFile::read(Place place) const {
    OwnedBytes out(place.size);
    if (!read_all(file_, out, place.at)) return os_error("card file");
    return out;
}

Result<euicc::StoredImage> CardFile::load_image(uint16_t profile) {
    const auto at = index_.images.find(profile);
    if (at == index_.images.end() || !at->second.image.at) return fail(Errc::not_found, "image", profile);
    euicc::StoredImage out;
    out.image = TRY(read(at->second.image));
    for (const Place& p : at->second.patches) out.patches.push_back(TRY(read(p)));
    return out;
}

Ok CardFile::commit(std::span<const CardWrite> writes) {
    SecretBytes body;
    for (const CardWrite& w : writes) add(body, w);
    const uint64_t end = index_.end + kHead + aligned(body.size());
    if (file_ < 0 || renewal_ || end > 2 * index_.live() + kSlack) return rewrite(writes);
    if (const auto ok = append(record(body.reveal(), index_.end).reveal()); !ok) {
        renewal_ = true; // also when what was written of it stays
        [[maybe_unused]] const int shortened = ::ftruncate(file_, static_cast<off_t>(index_.end));
        return ok;
    }
    index_.take(body.reveal(), index_.end + kHead);
    index_.end = end;
    return {};
}

Ok CardFile::append(Bytes record) {
    if (!write_all(file_, record, index_.end) || ::fdatasync(file_) != 0) return os_error("card file");
    return {};
}

// Everything that counts, and `more`, as the one record of a new file.
Ok CardFile::rewrite(std::span<const CardWrite> more) {
    SecretBytes body;
    const auto keep = [&](What what, uint16_t profile, Place place) -> Ok {
        OwnedBytes octets = TRY(read(place));
        add(body, {what, profile, octets});
        wipe(octets);
        return {};
    };
    const auto outdated = [&](What what, uint16_t profile) {
        return std::any_of(more.begin(), more.end(), [&](const CardWrite& w) {
            return w.profile == profile && (w.what == what || (w.what == What::erase && what == What::image));
        });
    };
    if (!outdated(What::state, 0)) {
        if (!format_1_.empty()) add(body, {What::state, 0, format_1_});
        if (index_.state) TRY(keep(What::state, 0, *index_.state));
    }
    for (const auto& [profile, image] : index_.images) {
        if (outdated(What::image, profile)) continue;
        TRY(keep(What::image, profile, image.image));
        for (const Place& p : image.patches) TRY(keep(What::patch, profile, p));
    }
    for (const CardWrite& w : more) add(body, w);
    const std::string temporary = path_.string() + ".new";
    File file{::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    uint8_t head[kHead] = {};
    std::memcpy(head, kMagic, sizeof kMagic);
    if (file.fd < 0 || !write_all(file.fd, head, 0) ||
        !write_all(file.fd, record(body.reveal(), kHead).reveal(), kHead) || ::fsync(file.fd) != 0)
        return os_error("card file");
    if (::rename(temporary.c_str(), path_.c_str()) != 0) return os_error("card file");
    close_file();
    file_ = std::exchange(file.fd, -1);
    index_ = {};
    index_.take(body.reveal(), 2 * kHead);
    index_.end = 2 * kHead + aligned(body.size());
    wipe(format_1_);
    format_1_.clear();
    renewal_ = false;
    const std::string parent = path_.parent_path().empty() ? "." : path_.parent_path().string();
    const File directory{::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.fd < 0 || ::fsync(directory.fd) != 0) return os_error("card directory");
    return {};
}

} // namespace halyard::store
