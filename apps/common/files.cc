#include "apps/common/files.h"
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace halyard::app {
namespace {
auto os_error(Errc code, const char* where) { return fail(code, where, static_cast<uint32_t>(errno)); }

struct File {
    int fd;
    ~File() {
        if (fd >= 0) ::close(fd);
    }
};

template <class Container>
Ok read_into(Container& out, const std::filesystem::path& path, size_t limit, const char* where) {
    const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.fd < 0) return os_error(Errc::not_found, where);
    struct stat info {};
    if (::fstat(file.fd, &info) != 0 || !S_ISREG(info.st_mode)) return fail(Errc::bad_value, where);
    if (static_cast<size_t>(info.st_size) > limit) return fail(Errc::limit, where);
    out = Container(static_cast<size_t>(info.st_size));
    uint8_t* data = nullptr;
    if constexpr (requires { out.writable(); })
        data = out.writable().data();
    else
        data = out.data();
    for (size_t done = 0; done < out.size();) {
        const ssize_t n = ::read(file.fd, data + done, out.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return os_error(Errc::storage, where);
        done += static_cast<size_t>(n);
    }
    return {};
}

Ok sync_directory(const std::filesystem::path& directory) {
    const File d{::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (d.fd < 0 || ::fsync(d.fd) != 0) return os_error(Errc::storage, "directory");
    return {};
}
} // namespace

Result<OwnedBytes> read_file(const std::filesystem::path& path, size_t limit, const char* where) {
    OwnedBytes out;
    TRY(read_into(out, path, limit, where));
    return out;
}

Result<SecretBytes> read_secret(const std::filesystem::path& path, size_t limit, const char* where) {
    SecretBytes out;
    TRY(read_into(out, path, limit, where));
    return out;
}

namespace {
Ok write_synced(const char* path, Bytes content, unsigned mode) {
    const File file{::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
    if (file.fd < 0) return os_error(Errc::storage, "file");
    for (size_t done = 0; done < content.size();) {
        const ssize_t n = ::write(file.fd, content.data() + done, content.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return os_error(Errc::storage, "file");
        done += static_cast<size_t>(n);
    }
    if (::fchmod(file.fd, mode) != 0 || ::fsync(file.fd) != 0) return os_error(Errc::storage, "file");
    return {};
}
} // namespace

Ok write_file(const std::filesystem::path& path, Bytes content, unsigned mode) {
    const std::filesystem::path temporary = path.string() + ".new." + std::to_string(::getpid());
    Ok done = write_synced(temporary.c_str(), content, mode);
    if (done && ::rename(temporary.c_str(), path.c_str()) != 0) done = os_error(Errc::storage, "file");
    if (!done) {
        ::unlink(temporary.c_str());
        return done;
    }
    return sync_directory(path.parent_path());
}

Ok make_directory(const std::filesystem::path& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return {};
    if (path.has_parent_path()) TRY(make_directory(path.parent_path()));
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return os_error(Errc::storage, "directory");
    return {};
}

Result<int64_t> seconds_from_text(std::string_view text, const char* where) {
    int y = 0, h = 0, min = 0, s = 0;
    unsigned m = 0, d = 0;
    char z = 0;
    const std::string copy(text);
    const int fields = std::sscanf(copy.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d%c", &y, &m, &d, &h, &min, &s, &z);
    if (fields != 3 && (fields != 7 || z != 'Z')) return fail(Errc::bad_value, where);
    const std::chrono::year_month_day date{std::chrono::year(y), std::chrono::month(m), std::chrono::day(d)};
    if (!date.ok() || h > 23 || min > 59 || s > 59) return fail(Errc::bad_value, where);
    return std::chrono::sys_days(date).time_since_epoch().count() * int64_t{86400} + h * 3600 + min * 60 + s;
}

std::string text_from_seconds(int64_t seconds) {
    using namespace std::chrono;
    const sys_time<std::chrono::seconds> at{std::chrono::seconds(seconds)};
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss clock{at - day};
    char out[40];
    std::snprintf(out,
                  sizeof out,
                  "%04d-%02u-%02uT%02d:%02d:%02dZ",
                  static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return out;
}

int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

} // namespace halyard::app
