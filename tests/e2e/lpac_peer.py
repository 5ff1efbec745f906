#!/usr/bin/env python3
"""What lpac's stdio APDU driver says and expects, as its published schema (docs/backends/stdio-schema.json of lpac) and the
behaviour of its eUICC library describe it; lpac itself is no Debian 12 package. It is a stand-in: it shows that the card keeps
the protocol, not that lpac is satisfied with it.

lpac_peer.py COMMAND...: starts the card's end, opens a channel to the ISD-R, reads the EID, and leaves. Prints the EID."""
import json
import subprocess
import sys

ISD_R = "A0000005591010FFFFFFFF8900000100"


class Card:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def call(self, func, param=None):
        # null where there is no parameter; upper or lower case hex
        self.process.stdin.write(json.dumps({"type": "apdu", "payload": {"func": func, "param": param}}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert set(answer) == {"type", "payload"} and answer["type"] == "apdu", answer
        payload = answer["payload"]
        assert set(payload) <= {"ecode", "data"} and isinstance(payload["ecode"], int), answer
        return payload["ecode"], bytes.fromhex(payload.get("data", ""))

    def transmit(self, apdu):
        ecode, data = self.call("transmit", apdu.hex())
        assert ecode == 0, ecode
        return data

    def es10(self, channel, request):
        """STORE DATA in blocks of 120 octets, then GET RESPONSE as long as SW1 is 61."""
        blocks = [request[i:i + 120] for i in range(0, len(request), 120)]
        out = b""
        for number, block in enumerate(blocks):
            last = number + 1 == len(blocks)
            answer = self.transmit(bytes([0x80 | channel, 0xE2, 0x91 if last else 0x11, number, len(block)]) + block)
            while answer[-2] == 0x61:
                out += answer[:-2]
                answer = self.transmit(bytes([0x80 | channel, 0xC0, 0x00, 0x00, answer[-1]]))
            assert answer[-2] & 0xF0 == 0x90, answer.hex()
            out += answer[:-2]
        return out


def main():
    card = Card(sys.argv[1:])
    assert card.call("connect")[0] == 0
    assert card.call("logic_channel_open", "A000000000")[0] < 0  # there is no such application
    channel = card.call("logic_channel_open", ISD_R)[0]
    assert channel > 0, channel
    eid = card.es10(channel, bytes.fromhex("BF3E035C015A"))
    assert eid[:5].hex() == "bf3e125a10", eid.hex()
    profiles = card.es10(channel, bytes.fromhex("BF2D00"))
    assert profiles[:2].hex() == "bf2d", profiles.hex()
    # the result of its command, which lpac writes to the same stream: nothing comes back
    card.process.stdin.write(json.dumps({"type": "lpa", "payload": {"code": 0, "message": "success", "data": eid.hex()}}) + "\n")
    assert card.call("logic_channel_close", f"{channel:02x}")[0] == 0
    assert card.call("disconnect")[0] == 0
    card.process.stdin.close()
    assert card.process.wait(60) == 0
    print(eid[5:].hex())


main()
