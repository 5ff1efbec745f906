// Every element type of the module PEDefinitions against ours. TCA interoperable format 3.3.1
#include "profile/image.h"
#include <doctest/doctest.h>
#include <sstream>

using namespace halyard;
using namespace halyard::profile;

namespace {
// Elements made of template files: their members in order, tagged from A2 on by automatic tagging. "!" marks
// what is not OPTIONAL. `oid` is the last arc of the template's identifier.
struct TemplateKind {
    asn1::Tag tag;
    const char* name;
    uint8_t oid;
    const char* members;
};
constexpr TemplateKind kTemplateKinds[] = {
    {0xB0, "mf", 1, "mf! ef-pl ef-iccid! ef-dir! ef-arr! ef-umpc"},
    {0xB1, "cd", 2, "df-cd! ef-launchpad ef-icon"},
    {0xB2,
     "telecom",
     3,
     "df-telecom! ef-arr ef-rma ef-sume ef-ice-dn ef-ice-ff ef-psismsc df-graphics ef-img ef-iidf "
     "ef-ice-graphics ef-launch-scws ef-icon df-phonebook ef-pbr ef-ext1 ef-aas ef-gas ef-psc "
     "ef-cc ef-puid ef-iap ef-adn ef-pbc ef-anr ef-puri ef-email ef-sne ef-uid ef-grp ef-ccp1 "
     "df-multimedia ef-mml ef-mmdf df-mmss ef-mlpl ef-mspl ef-mmssmode df-mcs ef-mst ef-mcs-config "
     "df-v2x ef-vst ef-v2x-config ef-v2xp-pc5 ef-v2xp-Uu"},
    {0xB3,
     "usim",
     4,
     "adf-usim! ef-imsi! ef-arr! ef-keys ef-keysPS ef-hpplmn ef-ust! ef-fdn ef-sms ef-smsp ef-smss "
     "ef-spn! ef-est! ef-start-hfn ef-threshold ef-psloci ef-acc! ef-fplmn ef-loci ef-ad ef-ecc! "
     "ef-netpar ef-epsloci ef-epsnsc"},
    {0xB4,
     "opt-usim",
     5,
     "ef-li ef-acmax ef-acm ef-gid1 ef-gid2 ef-msisdn ef-puct ef-cbmi ef-cbmid ef-sdn ef-ext2 "
     "ef-ext3 ef-cbmir ef-plmnwact ef-oplmnwact ef-hplmnwact ef-dck ef-cnl ef-smsr ef-bdn ef-ext5 "
     "ef-ccp2 ef-ext4 ef-acl ef-cmi ef-ici ef-oci ef-ict ef-oct ef-vgcs ef-vgcss ef-vbs ef-vbss "
     "ef-emlpp ef-aaem ef-hiddenkey ef-pnn ef-opl ef-mbdn ef-ext6 ef-mbi ef-mwis ef-cfis ef-ext7 "
     "ef-spdi ef-mmsn ef-ext8 ef-mmsicp ef-mmsup ef-mmsucp ef-nia ef-vgcsca ef-vbsca ef-gbabp "
     "ef-msk ef-muk ef-ehplmn ef-gbanl ef-ehplmnpi ef-lrplmnsi ef-nafkca ef-spni ef-pnni ef-ncp-ip "
     "ef-ufc ef-nasconfig ef-uicciari ef-pws ef-fdnuri ef-bdnuri ef-sdnuri ef-ial ef-ips ef-ipd "
     "ef-epdgid ef-epdgselection ef-epdgidem ef-epdgselectionem ef-frompreferred ef-imsconfigdata "
     "ef-3gpppsdataoff ef-3gpppsdataoffservicelist ef-xcapconfigdata ef-earfcnlist "
     "ef-mudmidconfigdata ef-eaka"},
    {0xB5, "isim", 8, "adf-isim! ef-impi! ef-impu! ef-domain! ef-ist! ef-ad ef-arr!"},
    {0xB6,
     "opt-isim",
     9,
     "ef-pcscf ef-sms ef-smsp ef-smss ef-smsr ef-gbabp ef-gbanl ef-nafkca ef-uicciari "
     "ef-frompreferred ef-imsconfigdata ef-xcapconfigdata ef-webrtcuri ef-mudmidconfigdata"},
    {0xB7,
     "phonebook",
     6,
     "df-phonebook! ef-pbr ef-ext1 ef-aas ef-gas ef-psc ef-cc ef-puid ef-iap ef-adn ef-pbc ef-anr "
     "ef-puri ef-email ef-sne ef-uid ef-grp ef-ccp1"},
    {0xB8, "gsm-access", 7, "df-gsm-access! ef-kc ef-kcgprs ef-cpbcch ef-invscan"},
    {0xB9,
     "csim",
     10,
     "adf-csim! ef-arr! ef-call-count! ef-imsi-m! ef-imsi-t! ef-tmsi! ef-ah! ef-aop! ef-aloc! "
     "ef-cdmahome! ef-znregi! ef-snregi! ef-distregi! ef-accolc! ef-term! ef-acp! ef-prl! "
     "ef-ruimid! ef-csim-st! ef-spc! ef-otapaspc! ef-namlock! ef-ota! ef-sp! ef-esn-meid-me! "
     "ef-li! ef-usgind! ef-ad! ef-max-prl! ef-spcs! ef-mecrp! ef-home-tag! ef-group-tag! "
     "ef-specific-tag! ef-call-prompt!"},
    {0xBA,
     "opt-csim",
     11,
     "ef-ssci ef-fdn ef-sms ef-smsp ef-smss ef-ssfc ef-spn ef-mdn ef-ecc ef-me3gpdopc ef-3gpdopm "
     "ef-sipcap ef-mipcap ef-sipupp ef-mipupp ef-sipsp ef-mipsp ef-sippapss ef-puzl ef-maxpuzl "
     "ef-hrpdcap ef-hrpdupp ef-csspr ef-atc ef-eprl ef-bcsmscfg ef-bcsmspref ef-bcsmstable "
     "ef-bcsmsp ef-bakpara ef-upbakpara ef-mmsn ef-ext8 ef-mmsicp ef-mmsup ef-mmsucp "
     "ef-auth-capability ef-3gcik ef-dck ef-gid1 ef-gid2 ef-cdmacnl ef-sf-euimid ef-est "
     "ef-hidden-key ef-lcsver ef-lcscp ef-sdn ef-ext2 ef-ext3 ef-ici ef-oci ef-ext5 ef-ccp2 "
     "ef-applabels ef-model ef-rc ef-smscap ef-mipflags ef-3gpduppext ef-ipv6cap ef-tcpconfig "
     "ef-dgc ef-wapbrowsercp ef-wapbrowserbm ef-mmsconfig ef-jdl"},
    {0xBB, "eap", 12, "df-eap! ef-eapkeys ef-eapstatus! ef-puid ef-ps ef-curid ef-reid ef-realm"},
    {0xBC,
     "df-5gs",
     13,
     "df-df-5gs! ef-5gs3gpploci ef-5gsn3gpploci ef-5gs3gppnsc ef-5gsn3gppnsc ef-5gauthkeys "
     "ef-uac-aic ef-suci-calc-info ef-opl5g ef-supinai ef-routing-indicator ef-ursp ef-tn3gppsnn "
     "ef-cag ef-sor-cmci ef-dri ef-5gsedrx ef-5gnswo-conf ef-mchpplmn ef-kausf-derivation"},
    {0xBD, "df-saip", 14, "df-df-saip! ef-suci-calc-info-usim"},
    {0xBE, "df-snpn", 15, "df-df-snpn! ef-pws-snpn"},
    {0xBF1F,
     "df-5gprose",
     16,
     "df-df-5g-prose! ef-5g-prose-st ef-5g-prose-dd ef-5g-prose-dc ef-5g-prose-u2nru "
     "ef-5g-prose-ru ef-5g-prose-uir"},
    {0xBF20,
     "iot",
     17,
     "mf ef-pl ef-iccid ef-dir ef-arr ef-umpc adf-usim ef-imsi! ef-arr-usim ef-keys ef-keysPS "
     "ef-hpplmn ef-ust ef-start-hfn ef-threshold ef-psloci ef-acc! ef-fplmn ef-loci ef-ad ef-ecc "
     "ef-netpar"},
    {0xBF21,
     "opt-iot",
     18,
     "ef-fdn ef-sms ef-smsp ef-smss ef-spn ef-est ef-oplmnwact ef-hplmnwact ef-ehplmn ef-epsloci "
     "ef-epsnsc df-df-5gs ef-5gs3gpploci ef-5gsn3gpploci ef-5gs3gppnsc ef-5gsn3gppnsc "
     "ef-5gauthkeys ef-uac-aic ef-suci-calc-info ef-opl5g ef-supi-nai ef-routing-indicator ef-ursp "
     "ef-tn3gppsnn df-df-saip ef-suci-calc-info-usim"},
};

// The other elements with everything in them that the module allows, coded from its tag table by a script
// that knows nothing of this program.
struct Plain {
    const char *name, *der;
};
constexpr Plain kPlain[] = {
    {"header",
     "A053800103810103820154830A8900012345678901234184020001A506810084009D00A611060667810F010201"
     "060767810F01020D048701AAA80F300D8007A000000087100281020100A909800701020304050607"},
    {"genericFileManagement",
     "A158A0058000810107A14F304980027F1062398202412183026F998407A00000008710028A01058B032F060A80"
     "0102C60101880148A50FC00180C101AAC201BB860110840101C7047F106F3A8101AA020200FF8101BB30028000"},
    {"pinCodes",
     "A234A0058000810107A12BA0293017800101810830303030FFFFFFFF820101830107840200AA300E8002008181"
     "083131313131313131"},
    {"pinCodes", "A20DA0058000810107A10481027F10"},
    {"pukCodes",
     "A32CA0058000810107A123301180010181083131313131313131820200AA300E80020088810832323232323232"
     "32"},
    {"akaParameter",
     "A48201CFA0058000810107A181AEA181AB80010281010182201111111111111111111111111111111111111111"
     "111111111111111111111111832022222222222222222222222222222222222222222222222222222222222222"
     "228405400020406085500000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "860300000187010282010E83060000100000008406000010000000A58201000406000000000000040600000000"
     "000104060000000000020406000000000003040600000000000404060000000000050406000000000006040600"
     "000000000704060000000000080406000000000009040600000000000A040600000000000B040600000000000C"
     "040600000000000D040600000000000E040600000000000F040600000000001004060000000000110406000000"
     "000012040600000000001304060000000000140406000000000015040600000000001604060000000000170406"
     "0000000000180406000000000019040600000000001A040600000000001B040600000000001C04060000000000"
     "1D040600000000001E040600000000001F"},
    {"akaParameter", "A417A0058000810107A10EA00C8001018107A0000000871002"},
    {"cdmaParameter",
     "A533A0058000810107810801010101010101018210020202020202020202020202020202028302030484030304"
     "0585050102030405"},
    {"securityDomain",
     "A681D1A0058000810107A17D4F07A00000015153504F08A0000001515350414F08A0000001510000004F08A000"
     "000151000001820382DC0083010FC90481028000EF2DC7020100C8020200CB0101CF0102D7020300D8020400CA"
     "020100A0038001A5D90105DA01068202050083020600EA0A8002010081010082010030040402DEADB0055F2002"
     "4142A231302F95011896010082010183013085050000000001301A301880018886103333333333333333333333"
     "3333333333870108A30404026600A406D9010104017FA5088002020081020300"},
    {"rfm",
     "A742A00580008101074F09A000000559101000014F08A000000151000000A00A0403B000000403B00120810116"
     "040100040100300F8007A00000008710028101008201FF"},
    {"application",
     "A881C7A0058000810107A13D4F09A000000559101000024F08A000000151000000C6021000C7020100C8020200"
     "C114ABABABABABABABABABABABABABABABABABABABABC40401020304A27F307D4F07A00000015153504F08A000"
     "0001515350414F08A0000001510000004F08A000000151000001820382DC0083010FC90481028000EF2DC70201"
     "00C8020200CB0101CF0102D7020300D8020400CA020100A0038001A5D90105DA01068202050083020600EA0A80"
     "02010081010082010030040402DEADB0055F20024142"},
    {"nonStandard", "A910A0058000810107810388370A82020102"},
    {"end", "AA07A0058000810107"},
    {"rfu1", "AB00"},
    {"rfu2", "AC00"},
    {"rfu3", "AD00"},
    {"rfu4", "AE00"},
    {"rfu5", "AF00"},
};

// Tag, length, content, without our encoder.
OwnedBytes tlv(asn1::Tag tag, Bytes content) {
    OwnedBytes out;
    if (tag > 0xFF) out.push_back(static_cast<uint8_t>(tag >> 8));
    out.push_back(static_cast<uint8_t>(tag));
    REQUIRE(content.size() < 0x10000);
    if (content.size() >= 0x80) {
        out.push_back(0x82);
        out.push_back(static_cast<uint8_t>(content.size() >> 8));
    }
    out.push_back(static_cast<uint8_t>(content.size()));
    append(out, content);
    if (content.size() >= 0x80 && content.size() < 0x100) { // DER: the shortest form
        const auto at = out.begin() + (tag > 0xFF ? 2 : 1);
        *at = 0x81;
        out.erase(at + 1);
    }
    return out;
}
struct Member {
    asn1::Tag tag;
    std::string name;
    bool required;
};
std::vector<Member> members_of(const TemplateKind& kind) {
    std::vector<Member> out;
    std::istringstream words(kind.members);
    asn1::Tag tag = 0xA2;
    for (std::string word; words >> word; tag = tag == 0xBE ? 0xBF1F : tag + 1) {
        const bool required = word.back() == '!';
        if (required) word.pop_back();
        out.push_back({tag, word, required});
    }
    return out;
}
// An element with all members but `left_out`; each a descriptor, an offset and content.
OwnedBytes element_of(const TemplateKind& kind, asn1::Tag left_out = 0) {
    OwnedBytes content = *from_hex("A003810107810667810F0102");
    content.push_back(kind.oid);
    for (const Member& m : members_of(kind))
        if (m.tag != left_out)
            append(content,
                   tlv(m.tag,
                       *from_hex("A10A820241218302AAAA8800"
                                 "8201028301AA")));
    return tlv(kind.tag, content);
}
} // namespace

TEST_CASE("when the module's element types are counted, each is known here by its tag and name") {
    const std::pair<asn1::Tag, const char*> all[] = {{0xA0, "header"},
                                                     {0xA1, "genericFileManagement"},
                                                     {0xA2, "pinCodes"},
                                                     {0xA3, "pukCodes"},
                                                     {0xA4, "akaParameter"},
                                                     {0xA5, "cdmaParameter"},
                                                     {0xA6, "securityDomain"},
                                                     {0xA7, "rfm"},
                                                     {0xA8, "application"},
                                                     {0xA9, "nonStandard"},
                                                     {0xAA, "end"},
                                                     {0xAB, "rfu1"},
                                                     {0xAC, "rfu2"},
                                                     {0xAD, "rfu3"},
                                                     {0xAE, "rfu4"},
                                                     {0xAF, "rfu5"},
                                                     {0xB0, "mf"},
                                                     {0xB1, "cd"},
                                                     {0xB2, "telecom"},
                                                     {0xB3, "usim"},
                                                     {0xB4, "opt-usim"},
                                                     {0xB5, "isim"},
                                                     {0xB6, "opt-isim"},
                                                     {0xB7, "phonebook"},
                                                     {0xB8, "gsm-access"},
                                                     {0xB9, "csim"},
                                                     {0xBA, "opt-csim"},
                                                     {0xBB, "eap"},
                                                     {0xBC, "df-5gs"},
                                                     {0xBD, "df-saip"},
                                                     {0xBE, "df-snpn"},
                                                     {0xBF1F, "df-5gprose"},
                                                     {0xBF20, "iot"},
                                                     {0xBF21, "opt-iot"}};
    CHECK(std::size(all) == 34);
    for (const auto& one : all) {
        const auto tag = one.first;
        const std::string_view name = one.second;
        INFO(std::string(name));
        bool covered = false; // by one of the tables of this file, which are decoded below
        for (const TemplateKind& k : kTemplateKinds) covered = covered || (k.tag == tag && k.name == name);
        for (const Plain& p : kPlain) covered = covered || ((*from_hex(p.der))[0] == tag && p.name == name);
        CHECK(covered);
    }
    CHECK(templates().size() == std::size(kTemplateKinds));
}

TEST_CASE("when an element with everything in it is decoded and encoded, the octets are the same") {
    for (const Plain& p : kPlain) {
        INFO(p.name);
        const OwnedBytes der = *from_hex(p.der);
        const auto e = next_element(der, 0);
        REQUIRE_MESSAGE(e, (e ? "" : e.error().where));
        REQUIRE(*e);
        CHECK((*e)->known);
        CHECK(std::string((*e)->name) == p.name);
        CHECK((*e)->der.size() == der.size());
        const bool has_header = (*e)->tag != 0xA0 && der.size() > 2;
        CHECK((*e)->header.has_value() == has_header);
        if (has_header) CHECK((*e)->header->identification == 7);
        CHECK(hex(*reencode(**e)) == p.der);
    }
}

TEST_CASE("when a template element holds every file of its table, all are known and the octets stay") {
    for (const TemplateKind& kind : kTemplateKinds) {
        INFO(kind.name);
        const OwnedBytes der = element_of(kind);
        const auto e = next_element(der, 0);
        REQUIRE_MESSAGE(e, (e ? "" : e.error().where));
        REQUIRE(*e);
        CHECK(std::string((*e)->name) == kind.name);
        CHECK(hex(*reencode(**e)) == hex(der));
        const auto parts = take_apart(**e);
        const auto expected = members_of(kind);
        REQUIRE(parts->members.size() == expected.size());
        CHECK(template_of(kind.tag)->files.size() == expected.size());
        for (size_t i = 0; i < expected.size(); ++i) {
            INFO(expected[i].name);
            REQUIRE(parts->members[i].file);
            CHECK(parts->members[i].tag == expected[i].tag);
            CHECK(expected[i].name == parts->members[i].file->name);
            CHECK(parts->members[i].file->required == expected[i].required);
            const OwnedBytes incomplete = element_of(kind, expected[i].tag);
            const auto without = next_element(incomplete, 0);
            CHECK(without.has_value() == !expected[i].required);
            if (!without) CHECK(expected[i].name == without.error().where);
        }
    }
}
