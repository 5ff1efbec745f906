#include "store/ipa_file.h"
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace halyard::store {
namespace {
// "HIPA", length and CRC-32, all big-endian, then the blob.
constexpr size_t kHeader = 12;
constexpr uint8_t kMagic[4] = {'H', 'I', 'P', 'A'};

uint32_t crc32(Bytes bytes) {
    uint32_t crc = ~0u;
    for (const uint8_t octet : bytes) {
        crc ^= octet;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0u);
    }
    return ~crc;
}

void put32(uint8_t* to, size_t value) {
    for (int i = 0; i < 4; ++i) to[i] = static_cast<uint8_t>(value >> (24 - 8 * i));
}
uint32_t get32(Bytes from) {
    return static_cast<uint32_t>(from[0]) << 24 | static_cast<uint32_t>(from[1]) << 16 |
           static_cast<uint32_t>(from[2]) << 8 | from[3];
}

class File {
  public:
    File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int fd() const { return fd_; }

  private:
    int fd_;
};

auto failed(const char* where) { return fail(Errc::storage, where, static_cast<uint32_t>(errno)); }

Ok write_all(int fd, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return failed("ipa state write");
        bytes = bytes.subspan(static_cast<size_t>(n));
    }
    return {};
}

Result<OwnedBytes> read_all(int fd) {
    OwnedBytes content;
    std::array<uint8_t, 4096> block;
    for (;;) {
        const ssize_t n = ::read(fd, block.data(), block.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed("ipa state read");
        if (n == 0) return content;
        append(content, Bytes(block).first(static_cast<size_t>(n)));
        if (content.size() > (1u << 20)) return fail(Errc::limit, "ipa state");
    }
}

std::string folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}
} // namespace

Result<Bytes> IpaFile::load() {
    const File file(path_, O_RDONLY);
    if (file.fd() < 0 && errno == ENOENT) return Bytes{};
    if (file.fd() < 0) return failed("ipa state open");
    loaded_ = TRY(read_all(file.fd()));
    const Bytes all = loaded_;
    const bool good = all.size() >= kHeader && same(all.first(4), kMagic) &&
                      get32(all.subspan(4)) == all.size() - kHeader &&
                      get32(all.subspan(8)) == crc32(all.subspan(kHeader));
    if (good) return all.subspan(kHeader);
    (void)std::rename(path_.c_str(), (path_ + ".damaged").c_str());
    return fail(Errc::storage, "ipa state damaged");
}

Ok IpaFile::save(Bytes blob) {
    std::array<uint8_t, kHeader> header{};
    std::copy(std::begin(kMagic), std::end(kMagic), header.begin());
    put32(&header[4], blob.size());
    put32(&header[8], crc32(blob));
    const std::string fresh = path_ + ".new";
    {
        const File file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
        if (file.fd() < 0) return failed("ipa state open");
        TRY(write_all(file.fd(), header));
        TRY(write_all(file.fd(), blob));
        if (::fsync(file.fd()) != 0) return failed("ipa state fsync");
    }
    if (std::rename(fresh.c_str(), path_.c_str()) != 0) return failed("ipa state rename");
    const File folder(folder_of(path_), O_RDONLY | O_DIRECTORY);
    if (folder.fd() < 0 || ::fsync(folder.fd()) != 0) return failed("ipa state fsync");
    return {};
}

} // namespace halyard::store
