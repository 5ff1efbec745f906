#include "profile/diff.h"
#include "profile/flatten.h"
#include "profile/lint_model.h"
#include <map>

namespace halyard::profile {
namespace {
using linting::LintFile, linting::Model;

struct Side {
    Model model;
    std::map<std::string, const LintFile*> files; // by path; a second one of the same path gets "#2"
    std::map<size_t, std::string> places; // of elements that belong to a directory: pinCodes, akaParameter
};

Result<Side> read(Bytes package) {
    Side out;
    out.model.elements = TRY(parse(package));
    const LintOptions options;
    linting::Report report(out.model, options);
    linting::build_files(out.model, report);
    for (const LintFile& f : out.model.files) {
        std::string path = out.model.path(f);
        for (int n = 2; out.files.count(path); ++n) path = out.model.path(f) + "#" + std::to_string(n);
        out.files[path] = &f;
    }
    const auto place = [&](size_t element, size_t directory) {
        if (directory < out.model.files.size())
            out.places[element] = out.model.path(out.model.files[directory]);
    };
    for (const auto& [element, directory] : out.model.akas) place(element, directory);
    for (const auto& pin : out.model.pins) place(pin.element, pin.directory);
    return out;
}

std::string title(const Side& side, size_t i) {
    const Element& e = side.model.elements[i];
    std::string out = e.name;
    if (e.header) out += " " + std::to_string(e.header->identification);
    if (const auto place = side.places.find(i); place != side.places.end()) out += " of " + place->second;
    return out;
}

class Comparer {
  public:
    Comparer(const Side& a, const Side& b, bool show) : a_(a), b_(b), show_(show) {}
    Result<Difference> run() {
        const auto pairs = pair_elements();
        size_t last = 0;
        for (const auto& [i, j] : pairs) {
            if (i && j) {
                out_.reordered |= *j < last;
                last = std::max(last, *j);
                TRY(elements(*i, *j));
            } else {
                add(i ? Change::Kind::removed : Change::Kind::added, i ? title(a_, *i) : title(b_, *j), "");
            }
        }
        files();
        return std::move(out_);
    }

  private:
    void add(Change::Kind kind,
             std::string what,
             std::string where,
             std::string before = "",
             std::string after = "",
             bool secret = false) {
        const bool hide = secret && !show_;
        out_.changes.push_back({kind,
                                std::move(what),
                                std::move(where),
                                hide ? "" : std::move(before),
                                hide ? "" : std::move(after),
                                hide});
    }

    // By kind and identification; what is left by kind and order.
    std::vector<std::pair<std::optional<size_t>, std::optional<size_t>>> pair_elements() const {
        const auto& a = a_.model.elements;
        const auto& b = b_.model.elements;
        std::vector<std::optional<size_t>> partner(a.size());
        std::vector<bool> taken(b.size());
        const auto pass = [&](auto matches) {
            for (size_t i = 0; i < a.size(); ++i)
                for (size_t j = 0; j < b.size() && !partner[i]; ++j)
                    if (!taken[j] && a[i].tag == b[j].tag && matches(i, j)) {
                        partner[i] = j;
                        taken[j] = true;
                    }
        };
        pass([&](size_t i, size_t j) {
            return a[i].header.has_value() == b[j].header.has_value() &&
                   (!a[i].header || a[i].header->identification == b[j].header->identification);
        });
        pass([](size_t, size_t) { return true; });
        std::vector<std::pair<std::optional<size_t>, std::optional<size_t>>> out;
        for (size_t i = 0; i < a.size(); ++i) out.emplace_back(i, partner[i]);
        for (size_t j = 0; j < b.size(); ++j)
            if (!taken[j]) out.emplace_back(std::nullopt, j);
        return out;
    }

    Ok elements(size_t i, size_t j) {
        const auto before = TRY(flatten(a_.model.elements[i])), after = TRY(flatten(b_.model.elements[j]));
        const std::string what = title(a_, i);
        std::map<std::string, const Leaf*> old, now;
        for (const Leaf& l : before) old[l.path] = &l;
        for (const Leaf& l : after) now[l.path] = &l;
        for (const Leaf& l : before) {
            const auto other = now.find(l.path);
            if (other == now.end())
                add(Change::Kind::removed, what, l.path, l.value, "", l.secret);
            else if (other->second->value != l.value)
                add(Change::Kind::changed, what, l.path, l.value, other->second->value, l.secret);
        }
        for (const Leaf& l : after)
            if (!old.count(l.path)) add(Change::Kind::added, what, l.path, "", l.value, l.secret);
        const auto here = a_.places.find(i), there = b_.places.find(j);
        if (here != a_.places.end() && there != b_.places.end() && here->second != there->second)
            add(Change::Kind::changed, what, "directory it belongs to", here->second, there->second);
        return {};
    }

    void files() {
        for (const auto& [path, f] : a_.files) {
            const std::string what = "file " + path + " " + f->label();
            const auto other = b_.files.find(path);
            if (other == b_.files.end())
                add(Change::Kind::removed, what, "");
            else
                file(what, *f, *other->second);
        }
        for (const auto& [path, f] : b_.files)
            if (!a_.files.count(path)) add(Change::Kind::added, "file " + path + " " + f->label(), "");
    }
    static std::string octets(const std::optional<Bytes>& b) { return b ? "'" + hex(*b) + "'" : "absent"; }
    static const char* text(FileKind kind) {
        static constexpr const char* kNames[] = {"transparent", "linear", "cyclic", "BER-TLV", "DF", "ADF"};
        return kNames[static_cast<size_t>(kind)];
    }
    void file(const std::string& what, const LintFile& a, const LintFile& b) {
        const auto attribute = [&](const char* name, const std::string& before, const std::string& after) {
            if (before != after) add(Change::Kind::changed, what, name, before, after);
        };
        attribute("kind", text(a.kind), text(b.kind));
        attribute("size", std::to_string(a.size), std::to_string(b.size));
        attribute("record length", std::to_string(a.record), std::to_string(b.record));
        attribute("SFI", std::to_string(a.sfi), std::to_string(b.sfi));
        const Fcp none;
        const Fcp& f = a.fcp ? *a.fcp : none;
        const Fcp& g = b.fcp ? *b.fcp : none;
        attribute("dfName", octets(f.df_name), octets(g.df_name));
        attribute("access rule",
                  octets(f.security_attributes_referenced),
                  octets(g.security_attributes_referenced));
        attribute("PIN status template", octets(f.pin_status_template), octets(g.pin_status_template));
        attribute("link", octets(f.link_path), octets(g.link_path));
        const uint8_t active = 0x05, nothing = 0x00;
        const auto octet = [](const std::optional<std::array<uint8_t, 1>>& o, uint8_t usual) {
            return hex(Bytes(o ? o->data() : &usual, 1));
        };
        attribute("life cycle", octet(f.lcsi, active), octet(g.lcsi, active));
        const auto special = [&](const Fcp& fcp) {
            return fcp.proprietary ? octet(fcp.proprietary->special_file_information, nothing)
                                   : octet({}, nothing);
        };
        attribute("special file information", special(f), special(g));
        content(what, a, b);
    }
    static bool is_secret(const LintFile& f) {
        const std::string name = f.label();
        return name == "ef-keys" || name == "ef-keysPS" || name == "ef-5gauthkeys" || name == "ef-eapkeys" ||
               name == "ef-hiddenkey" || name == "ef-hidden-key";
    }
    // Records that differ, or runs of octets that do.
    void content(const std::string& what, const LintFile& a, const LintFile& b) {
        const Bytes x(a.content), y(b.content);
        if (same(x, y)) return;
        const auto part = [](Bytes c, size_t from, size_t to) {
            return from < c.size() ? hex(c.subspan(from, std::min(to, c.size()) - from)) : std::string();
        };
        const auto differ = [&](size_t from, size_t to) { return part(x, from, to) != part(y, from, to); };
        const size_t end = std::max(x.size(), y.size());
        const bool secret = is_secret(a);
        if (const size_t record = a.record; record && record == b.record) {
            for (size_t n = 0; n * record < end; ++n)
                if (differ(n * record, (n + 1) * record))
                    add(Change::Kind::changed,
                        what,
                        "record " + std::to_string(n + 1),
                        part(x, n * record, (n + 1) * record),
                        part(y, n * record, (n + 1) * record),
                        secret);
            return;
        }
        for (size_t from = 0; from < end;) {
            if (!differ(from, from + 1)) {
                ++from;
                continue;
            }
            size_t to = from + 1;
            while (to < end && differ(to, std::min(to + 4, end))) ++to; // short equal runs do not part it
            while (!differ(to - 1, to)) --to;
            const std::string where =
                to == from + 1 ? "octet " + std::to_string(from)
                               : "octets " + std::to_string(from) + " to " + std::to_string(to - 1);
            add(Change::Kind::changed, what, where, part(x, from, to), part(y, from, to), secret);
            from = to;
        }
    }

    const Side &a_, &b_;
    bool show_;
    Difference out_;
};
} // namespace

const char* name(Change::Kind kind) {
    switch (kind) {
    case Change::Kind::added: return "added";
    case Change::Kind::removed: return "removed";
    case Change::Kind::changed: return "changed";
    }
    return "";
}

Result<Difference> diff(Bytes before, Bytes after, bool show_secrets) {
    const Side a = TRY(read(before)), b = TRY(read(after));
    Difference out = TRY(Comparer(a, b, show_secrets).run());
    out.same_octets = same(before, after);
    return out;
}

} // namespace halyard::profile
