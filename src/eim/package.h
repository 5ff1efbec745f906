#pragma once
// What an eUICC package asks for, what its result says, and what both mean for the profiles of a device.
#include "eim/model.h"
#include "rsp/eim_package.h"

namespace halyard::eim {

/// Number of commands. Errors: as decoding; bad_value when a rule of the standard is broken (more than one
/// enable or disable, disable after enable, a list after a change). SGP.32 §3.4.1
Result<size_t> check_package(Bytes euicc_package);
/// What an IpaEuiccDataRequest may ask for. bad_value "tagList". SGP.32 §2.11.1.2
Ok check_tag_list(Bytes tags);
/// True when it changes profiles or eIMs: an audit must decide when its outcome is unknown.
bool changes_something(Bytes euicc_package);
/// True when handing it out may change profiles or eIMs of the device.
bool has_effect(const Operation&);
/// True for a list of eCOs.
bool is_about_eims(Bytes euicc_package);
/// { listProfileInfo } for an audit.
OwnedBytes audit_package(std::optional<rsp::Edition> euicc = {});
/// unsupported, naming the first command that an eUICC of that edition does not know.
/// docs/adr/0007-dialects.md
Ok check_edition(Bytes package, rsp::Edition);
/// { listEim }, where what is to be decided are eCOs.
OwnedBytes eim_audit_package();

/// What the device would hold after `euicc_package`. Errors (RR-12): rejected with the reason as `where`.
Result<std::vector<KnownProfile>> plan(std::vector<KnownProfile> profiles, Bytes euicc_package);

/// A verified result next to the package it answers.
struct Outcome {
    bool success = false;
    bool rolled_back = false;
    std::string reason;                              // of a failure: command number, name and code
    std::optional<std::vector<KnownProfile>> listed; // from a listProfileInfo without criteria
    std::optional<std::vector<std::string>> eims;    // from a listEim
    size_t done = 0;                                 // commands that succeeded
};
Result<Outcome> judge(Bytes euicc_package, const rsp::EuiccPackageResultDataSigned&);
/// The first `done` commands carried out on `profiles`, whatever preconditions say.
std::vector<KnownProfile> carry_out(std::vector<KnownProfile> profiles, Bytes euicc_package, size_t done);
/// After an audit: did what the package wanted come true? nullopt when such a list cannot tell.
std::optional<bool> came_true(const std::vector<KnownProfile>&, Bytes euicc_package);
std::optional<bool> came_true(const std::vector<std::string>& eims, Bytes euicc_package);

} // namespace halyard::eim
