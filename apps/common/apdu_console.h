#pragma once
// Talking to a card by lines: APDUs, files by name, ES10 commands, with every answer in words. Whoever reads
// and prints the lines is somewhere else. docs/euicc.md#console
#include "binding/apdu_trace.h"
#include "ipa/apdu.h"
#include "reader/card_port.h"
#include <nlohmann/json.hpp>

namespace halyard::app {

class ApduConsole {
  public:
    /// `card` must outlive the console. It is given power at the first line that needs it.
    /// `explained`: messages with the octets and meaning of each member.
    explicit ApduConsole(reader::CardPort& card, bool explained = false)
        : card_(card), explained_(explained) {}

    /// What came of a line.
    struct Said {
        bool good = true, quit = false;
        std::string text;            // for people, lines of it ended; empty for an empty line or a comment
        nlohmann::ordered_json json; // {"line", "input", …}, or with "error"; null where text is empty
    };
    /// One line; `#` begins a comment. A status word that refuses is the card's answer, not a bad line.
    Said line(std::string_view);
    static const char* help();

  private:
    Result<OwnedBytes> exchange(Bytes command);
    Result<OwnedBytes> complete(OwnedBytes command);
    Ok power(reader::Power);
    Ok carry();
    // Each: why the line is bad, or nothing.
    std::string run(std::string_view word, std::string_view rest);
    std::string raw(std::string_view hex_text);
    std::string select_path(std::string_view path);
    std::string es10(std::string_view hex_text);
    void decode();

    reader::CardPort& card_;
    bool explained_, on_ = false;
    uint32_t number_ = 0; // of the line
    ipa::CardChannel es10_;
    std::vector<binding::TraceApdu> apdus_; // since the last exchange that was complete
    Said said_;
};

} // namespace halyard::app
