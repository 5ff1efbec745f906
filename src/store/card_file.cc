#include "store/card_file.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace halyard::store {
namespace {
constexpr char kMagic[8] = {'H', 'Y', 'C', 'A', 'R', 'D', '0', '1'};
constexpr size_t kHead = 16; // magic, checksum

auto os_error(const char* where) { return fail(Errc::storage, where, static_cast<uint32_t>(errno)); }

// FNV-1a: finds decay, not attackers; whoever can write here owns the card anyway.
uint64_t checksum(Bytes b) {
    uint64_t h = 0xCBF29CE484222325u;
    for (uint8_t x : b) h = (h ^ x) * 0x100000001B3u;
    return h;
}

struct File {
    int fd;
    ~File() {
        if (fd >= 0) ::close(fd);
    }
};
bool write_all(int fd, Bytes data) {
    while (!data.empty()) {
        const ssize_t n = ::write(fd, data.data(), data.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data = data.subspan(static_cast<size_t>(n));
    }
    return true;
}
} // namespace

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
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

CardFile::~CardFile() {
    if (lock_ >= 0) ::close(lock_);
}

Result<OwnedBytes> CardFile::load() {
    const File file{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.fd < 0) {
        if (errno == ENOENT) return OwnedBytes{};
        return os_error("card file");
    }
    struct stat info {};
    if (::fstat(file.fd, &info) != 0) return os_error("card file");
    OwnedBytes all(static_cast<size_t>(info.st_size));
    for (size_t done = 0; done < all.size();) {
        const ssize_t n = ::read(file.fd, all.data() + done, all.size() - done);
        if (n <= 0) return os_error("card file");
        done += static_cast<size_t>(n);
    }
    if (all.size() < kHead || std::memcmp(all.data(), kMagic, sizeof kMagic) != 0)
        return fail(Errc::bad_value, "card file");
    uint64_t sum = 0;
    std::memcpy(&sum, all.data() + 8, 8);
    all.erase(all.begin(), all.begin() + kHead);
    if (sum != checksum(all)) return fail(Errc::unverified, "card file");
    return all;
}

Ok CardFile::commit(Bytes snapshot) {
    const std::string temporary = path_.string() + ".new";
    const uint64_t sum = checksum(snapshot);
    uint8_t head[kHead];
    std::memcpy(head, kMagic, 8);
    std::memcpy(head + 8, &sum, 8);
    {
        const File file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
        if (file.fd < 0 || !write_all(file.fd, head) || !write_all(file.fd, snapshot) ||
            ::fsync(file.fd) != 0)
            return os_error("card file");
    }
    if (::rename(temporary.c_str(), path_.c_str()) != 0) return os_error("card file");
    const std::string parent = path_.parent_path().empty() ? "." : path_.parent_path().string();
    const File directory{::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.fd < 0 || ::fsync(directory.fd) != 0) return os_error("card directory");
    return {};
}

} // namespace halyard::store
