#pragma once
#include "apps/ipad/inject.h"
#include "ipa/config.h"
#include <map>
#include <string>
#include <vector>

namespace halyard::ipad {

/// The owner's confirmation code in a file, read whenever an order asks for one.
struct CodeFile final : ipa::ConfirmationCode {
    std::string file;
    std::optional<Sha256> hash(Bytes transaction_id) override;
};

/// What the command line says, files already read.
struct Options {
    std::string state;                          // folder of everything that must survive
    std::string card;                           // see open_card
    std::string events;                         // file for JSON lines, "-" for stdout, empty: none
    std::map<std::string, std::string> resolve; // host -> address:port
    std::vector<OwnedBytes> trust;              // DER anchors
    std::string trust_pem;
    OwnedBytes initial_eim;  // AddInitialEimRequest
    bool esipa_json = false; // the JSON binding instead of ASN.1
    bool es9_asn1 = false;   // the other way round towards SM-DP+
    bool once = false;
    bool strict = false; // refuse every deviation of a peer
    int max_idle = 0;    // seconds without any peer answering before giving up; 0: never
    InjectDoor::Options inject;
    std::string lab_network_down; // ICCID: links fail while this profile is enabled
    ipa::Config ipa;
};

/// The configuration in a file: DER (or its hex or base64 text) of an AddInitialEimRequest (BF57), of a
/// GetEimConfigurationDataResponse (BF55), or of one EimConfigurationData (30). The value is a BF57.
Result<OwnedBytes> read_initial_eim(const std::string& path);
/// A certificate file, PEM or DER, as an additional anchor.
Ok add_trust(Options&, const std::string& path);
/// Capabilities and device information fit for the chosen kind of download.
Ok set_device(Options&, const std::string& tac, const std::vector<std::string>& features);
/// IMEI of 15 digits and "MCC-MNC"; empty: not known.
Ok set_place(Options&, const std::string& imei, const std::string& rplmn);

} // namespace halyard::ipad
