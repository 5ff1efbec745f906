#pragma once
// What the tests of this layer share: cards that say just what a test wants to hear.
#include "reader/card_port.h"
#include <deque>
#include <string>
#include <vector>

namespace halyard::reader {

/// Remembers what it is told; answers 9000, or what was put into `answers`.
struct ToldCard final : CardPort {
    std::vector<std::string> told; // hex of APDUs, names of power events
    std::deque<std::string> answers;
    bool starts = true, there = true;

    Bytes atr() override {
        static constexpr uint8_t kAtr[] = {0x3B, 0x00};
        return there ? Bytes(kAtr) : Bytes();
    }
    Result<Answer> transmit(Bytes apdu) override {
        told.push_back(hex(apdu));
        std::string next = "9000";
        if (!answers.empty()) {
            next = answers.front();
            answers.pop_front();
        }
        if (next.empty()) return fail(Errc::unreachable, "response lost");
        return Answer{*from_hex(next)};
    }
    Ok power(Power what) override {
        told.push_back(name(what));
        if (!starts) return fail(Errc::storage, "commit");
        return {};
    }
    std::string all() const {
        std::string out;
        for (const std::string& s : told) out += (out.empty() ? "" : " ") + s;
        return out;
    }
};

} // namespace halyard::reader
