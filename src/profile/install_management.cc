// Files of an image from file management commands.
#include "profile/new_file.h"

namespace halyard::profile {
namespace {
PeStatusCode status_of(const Error& e) { return static_cast<PeStatusCode>(e.detail); }
} // namespace

/// Runs the commands of one genericFileManagement element.
class Installer::Management {
  public:
    Management(Installer& installer, const Element& element) : i_(installer), e_(element) {}

    Ok run(const ManagementCommand& c) {
        if (const auto* path = std::get_if<0>(&c.is)) return select(*path);
        if (const auto* fcp = std::get_if<1>(&c.is)) return create(*fcp);
        if (const auto* skip = std::get_if<2>(&c.is)) {
            if (making_) making_->skip(*skip);
            at_ += *skip;
            return {};
        }
        return write(std::get<3>(c.is).value);
    }
    // The file in the making takes its place.
    Ok finish() {
        if (!making_) return {};
        const auto index = TRY(i_.add(*making_));
        making_.reset();
        enter(index);
        if (!i_.image_.nodes[index].is_directory()) return {};
        // What comes behind belongs to the directory: its PINs, and the keys of an application.
        i_.pin_directory_ = index;
        i_.codes_of_both_ = false;
        if (i_.image_.nodes[index].kind == FileKind::application) {
            i_.current_ = index;
            i_.application_ = e_.tag;
        }
        return {};
    }

  private:
    void enter(uint32_t index) {
        at_ = 0;
        if (i_.image_.nodes[index].is_directory()) {
            directory_ = i_.image_.linked(index);
            file_.reset();
        } else {
            directory_ = i_.image_.nodes[index].parent;
            file_ = i_.image_.linked(index);
        }
    }
    Ok select(Bytes path) {
        TRY(finish());
        const auto index = i_.resolve(path);
        if (!index) return refusal(PeStatusCode::invalid_parameter);
        enter(*index);
        return {};
    }
    Ok create(const Fcp& fcp) {
        TRY(finish());
        if (!fcp.file_descriptor) return refusal(PeStatusCode::bad_values);
        making_.emplace(directory_);
        file_.reset();
        TRY(making_->describe(fcp, i_.room()));
        if (making_->is_directory()) TRY(finish()); // the next files are made in it
        return {};
    }
    Ok write(Bytes data) {
        if (making_) return making_->write(data, i_.room());
        if (!file_) return refusal(PeStatusCode::bad_values);
        OwnedBytes& content = i_.image_.nodes[*file_].content;
        if (at_ + data.size() > content.size()) return refusal(PeStatusCode::bad_values);
        std::copy(data.begin(), data.end(), content.begin() + static_cast<std::ptrdiff_t>(at_));
        at_ += data.size();
        return {};
    }

    Installer& i_;
    const Element& e_;
    uint32_t directory_ = 0;
    std::optional<uint32_t> file_; // one that was there before
    std::optional<NewFile> making_;
    size_t at_ = 0; // in `file_`
};

bool Installer::management(const Element& e) {
    const auto m = asn1::decode<GenericFileManagement>(e.der);
    if (!m || image_.nodes.empty()) return refuse(PeStatusCode::invalid_request_format, &e);
    Management management(*this, e);
    Ok ok = m->commands.for_each([&](const List<ManagementCommand>& commands) -> Ok {
        return commands.for_each([&](const ManagementCommand& c) { return management.run(c); });
    });
    if (ok) ok = management.finish();
    if (ok) return true;
    const bool ours = ok.error().code == Errc::rejected;
    return refuse(ours ? status_of(ok.error()) : PeStatusCode::invalid_request_format, &e);
}

} // namespace halyard::profile
