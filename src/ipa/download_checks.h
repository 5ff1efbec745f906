#pragma once
#include "ipa/context.h"

namespace halyard::ipa {
/// The SM-DP+ is the one that was asked for: names without regard to case, ports only where both give one
/// (SR-15). SGP.22 §3.0.1
bool same_server(std::string_view asked, std::string_view answered);
/// The registeredID of the certificate's subjectAltName equals the dotted `oid`. SGP.22 §4.5.2.1
bool certificate_names(const rsp::Raw& certificate, std::string_view oid);
/// The first registeredID of it, as content octets; empty: none. SGP.22 §4.5.2.1
Bytes registered_id(const rsp::Raw& certificate);
/// It is a CERT.DSauth: the server is an SM-DS. SGP.22 §4.5.2.1.1
bool is_smds_certificate(const rsp::Raw& certificate);
/// Nobody can be asked here, so a rule that needs consent is refused unless the owner consented beforehand.
/// SGP.22 §2.9.2.4
Result<bool> rules_allowed(const rsp::StoreMetadataRequest& metadata, Bytes rat_response, bool consent);
/// The metadata inside the package (sequence 88, protected but not encrypted) agrees with what was announced.
/// SGP.32 §3.2.3.2
bool same_metadata(const rsp::StoreMetadataRequest& announced,
                   const rsp::BoundProfilePackage& package,
                   Buffer scratch);
} // namespace halyard::ipa
