// Certificates that clients of ES2+ and ES12 must not get in with, made by openssl. SR-02
#include "tests/e2e/service.h"

using namespace halyard;
using namespace halyard::e2e;

namespace {
/// Makes operators' CA, and under it and elsewhere one certificate for each way to be wrong.
constexpr const char* kMake = R"(
set -e
ec() { openssl ecparam -genkey -noout -name ${2:-prime256v1} -out $1.key; }
ca() { ec $1; openssl req -x509 -new -sha256 -days 3650 -key $1.key -subj "/CN=$2" -addext keyUsage=critical,keyCertSign,cRLSign -out $1.pem; }
sign() { # NAME CA EXTENSIONS [more options of ca]
    name=$1; issuer=$2; printf "$3" > $name.ext; shift 3
    openssl req -new -key $name.key -subj "${SUBJECT:-/CN=alpha}" -out $name.csr
    openssl x509 -req -sha256 -in $name.csr -CA $issuer.pem -CAkey $issuer.key -CAcreateserial -extfile $name.ext -out $name.pem "$@"
}
dated() { # NAME CA FROM TO, by `openssl ca`, which takes dates
    mkdir -p db; : > db/index; echo $RANDOM_SERIAL > db/serial
    printf '[ca]\ndefault_ca=c\n[c]\ndatabase=db/index\nserial=db/serial\nnew_certs_dir=db\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' > db/cnf
    openssl req -new -key $1.key -subj /CN=alpha -out $1.csr
    printf "$CLIENT" > $1.ext
    openssl ca -batch -config db/cnf -cert $2.pem -keyfile $2.key -startdate $3 -enddate $4 -extfile $1.ext -in $1.csr -out $1.pem -notext
}
CLIENT='keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n'
RANDOM_SERIAL=77
ca operators "operators CA"; ca foreign "operators CA"
ec good; sign good operators "$CLIENT" -days 30
ec expired; dated expired operators 20200101000000Z 20210101000000Z
RANDOM_SERIAL=78
ec early; dated early operators 20900101000000Z 20910101000000Z
ec other-ca; sign other-ca foreign "$CLIENT" -days 30
ec self; openssl req -x509 -new -sha256 -days 30 -key self.key -subj /CN=alpha -out self.pem
ec server-only; sign server-only operators 'keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n' -days 30
ec no-signing; sign no-signing operators 'keyUsage=critical,keyEncipherment\nextendedKeyUsage=clientAuth\n' -days 30
ec stranger; SUBJECT=/CN=nobody sign stranger operators "$CLIENT" -days 30
ec half; SUBJECT=/CN=alph sign half operators "$CLIENT" -days 30
ec inner; SUBJECT="/CN=inner CA" sign inner operators 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n' -days 30
ec no-chain; sign no-chain inner "$CLIENT" -days 30
cat no-chain.pem inner.pem > with-chain.pem; cp no-chain.key with-chain.key
ec leaf-issuer; SUBJECT=/CN=leaf sign leaf-issuer operators "$CLIENT" -days 30
ec under-leaf; sign under-leaf leaf-issuer "$CLIENT" -days 30; cat leaf-issuer.pem >> under-leaf.pem
openssl genrsa -out rsa.key 3072; sign rsa operators "$CLIENT" -days 30
openssl genrsa -out small-rsa.key 1024; sign small-rsa operators "$CLIENT" -days 30
ec p384 secp384r1; sign p384 operators "$CLIENT" -days 30
ec sha1; sign sha1 operators "$CLIENT" -days 30 -sha1
cp good.pem wrong-key.pem; ec wrong-key
)";

/// HTTP status of a call with that certificate; 0 when TLS ended it. openssl's program does not judge what it
/// presents, as curl does.
int status_with(const Service& s,
                const std::string& member,
                const std::string& path,
                const std::string& certificate) {
    const std::string request =
        "POST " + path + " HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\n{}";
    const std::string who = certificate.empty() ? ""
                                                : " -cert " + certificate + ".pem -key " + certificate +
                                                      ".key -cert_chain " + certificate + ".pem";
    const Ran ran =
        shell("cd " + s.d.path() + " && (printf '" + request +
              "'; sleep 2) | timeout 20 openssl s_client -quiet -ign_eof -cipher DEFAULT@SECLEVEL=0 -sigalgs "
              "ECDSA+SHA256:RSA+SHA256:RSA-PSS+SHA256:ECDSA+SHA384 -connect " +
              s.at(member) + who + " 2>&1; echo");
    const size_t at = ran.out.find("HTTP/1.1 ");
    return at == ran.out.npos ? 0 : std::atoi(ran.out.c_str() + at + 9);
}
} // namespace

TEST_CASE("when a client of ES2+ has any certificate but an operator's, it gets no further than the door") {
    Service s("smdp");
    write_text(s.d / "make.sh", kMake);
    const Ran made = shell("cd " + s.d.path() + " && sh make.sh");
    INFO(made);
    REQUIRE(made.status == 0);
    write_text(s.d / "operators.json",
               R"([{"id":"alpha","functionRequesterIdentifier":"2.999.77.1","subject":"alpha"}])");
    s.start("[es2]\nport = 0\nclient_ca = 'operators.pem'\noperators = 'operators.json'\n");
    const std::string path = "/gsma/rsp2/es2plus/downloadOrder";
    const auto status = [&](const char* name) { return status_with(s, "es2", path, name); };
    CHECK(status("good") == 200); // its body lacks a header: a refusal with codes
    CHECK(status("with-chain") == 200);
    CHECK(status("stranger") == 403);
    CHECK(status("half") == 403);
    for (const char* bad : {"",
                            "expired",
                            "early",
                            "other-ca",
                            "self",
                            "server-only",
                            "no-signing",
                            "no-chain",
                            "under-leaf",
                            "rsa",
                            "small-rsa",
                            "p384",
                            "sha1",
                            "wrong-key"}) {
        CAPTURE(bad);
        CHECK(status(bad) == 0);
    }
    CHECK(status("good") == 200); // none of them did harm
    CHECK(s.metric("halyard_requests_total{interface=\"ES2+\",function=\"none\",code=\"http 403\"}") == 2);
    CHECK(s.metric("halyard_tls_handshakes_total{interface=\"ES2+\",result=\"failed\"}").value_or(0) >= 11);
    s.stop();
}

TEST_CASE("when a client of ES12 has a certificate of the CI but another role, or of nobody's, it registers "
          "nothing") {
    Service s("smds");
    write_text(s.d / "make.sh", kMake);
    REQUIRE(shell("cd " + s.d.path() + " && sh make.sh").status == 0);
    const Ran eim =
        cli({"pki", "init", "--dir", s.d / "pki2", "--euiccs", "0"}); // the same names under another CI
    REQUIRE(eim.status == 0);
    s.start();
    const std::string path = "/gsma/rsp2/es12/registerEvent";
    const auto status = [&](const std::string& name) { return status_with(s, "es12", path, name); };
    CHECK(status("pki/smdp-tls") == 200);
    for (const char* bad : {"", "pki2/smdp-tls", "good", "self", "rsa"}) {
        CAPTURE(bad);
        CHECK(status(bad) == 0);
    }
    CHECK(json_lines(cli({"smds", "events", "--state", s.d / "state", "--json"}).out).empty());
    s.stop();
}
