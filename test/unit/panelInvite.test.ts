import assert from "node:assert/strict";
import jsQR from "jsqr";
import type { LedgerEvent } from "../../protocol/ledger/events.ts";
import type { TokenRecord } from "../../protocol/member.ts";
import { unknownFleet } from "../../extension/core/fleetState.ts";
import {
  isForOneMachine,
  makeInvitation,
  outcomeAfter,
  outcomeInList,
  type Invitation,
} from "../../extension/core/panels/invitation.ts";
import { inviteModel, type InviteFacts } from "../../extension/core/panels/inviteModel.ts";
import { inviteModelSchema } from "../../extension/core/panels/inviteSchema.ts";
import { qrCode, type QrCode } from "../../extension/core/panels/qrCode.ts";
import { identity } from "../support/handPlayedFleet.ts";

const nowMs = 1_000_000;
const linkTo = (address: string) =>
  `hwledger://join?url=${encodeURIComponent(`https://${address}:7443`)}&token=${"Ab3_".repeat(8)}&ca=${"0f".repeat(32)}`;
const id = "t-0000000000000001";
const open = { kind: "open" } as const;

function anInvitation(over: Partial<Invitation> = {}): Invitation {
  return {
    fleetId: "fleet-1",
    id,
    purpose: { role: "operator" },
    role: "operator",
    link: linkTo("192.0.2.7"),
    editorLink: linkTo("192.0.2.7").replace("hwledger://", "vscode://hwledger.hwledger-fleet/"),
    endsAtMs: nowMs + 900_000,
    ...over,
  };
}

const event = (type: string, payload: Record<string, unknown>): LedgerEvent => ({
  seq: 1,
  atMs: 0,
  schema: 1,
  type,
  actor: "user/ada",
  payload,
  prev: "",
  hash: "",
});

function modelOf(over: Partial<InviteFacts> = {}, place: "here" | "elsewhere" = "elsewhere", atMs = nowMs) {
  const session = {
    fleet: { ...unknownFleet, isKnown: true },
    contact: { kind: "live" } as const,
    identity: identity("cert"),
  };
  const facts = { invitation: anInvitation(), outcome: open, copied: null, isBusy: false, ...over };
  return inviteModelSchema.parse(JSON.parse(JSON.stringify(inviteModel(session, facts, atMs, place))));
}

/** The code as a camera would have it, four dots a module. */
function read({ size, path }: QrCode): string | undefined {
  const side = size * 4;
  const dots = new Uint8ClampedArray(side * side * 4).fill(255);
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g))
    for (let row = Number(y) * 4; row < Number(y) * 4 + 4; row += 1)
      for (let column = Number(x) * 4; column < (Number(x) + Number(width)) * 4; column += 1)
        dots.fill(0, (row * side + column) * 4, (row * side + column) * 4 + 3);
  return jsQR.default(dots, side, side)?.data;
}

describe("a join link that was just made", () => {
  it("is made for a quarter of an hour by this program's clock, with the editor's own scheme", async () => {
    const asked: unknown[] = [];
    const client = {
      call(name: string, input: unknown) {
        asked.push([name, input]);
        return Promise.resolve({
          id,
          link: linkTo("192.0.2.7"),
          editorLink: "",
          role: "viewer",
          expiresAtMs: 5,
        });
      },
    };
    const session = { client, identity: identity("cert") } as unknown as Parameters<typeof makeInvitation>[0];
    const made = await makeInvitation(session, { role: "viewer" }, "vscode-insiders", () => nowMs);
    assert.deepEqual(asked, [["createToken", { body: { role: "viewer", ttlMs: 900_000 } }]]);
    assert.equal(made.endsAtMs, nowMs + 900_000);
    assert.match(made.editorLink, /^vscode-insiders:\/\/hwledger\.hwledger-fleet\/join\?url=/);
  });

  it("is used, or withdrawn, when the ledger says so of it and of no other", () => {
    const other = event("member.joined", { tokenId: "t-0000000000000002", member: "cy" });
    assert.deepEqual(outcomeAfter(open, id, [other, event("host.added", {})]), open);
    const joined = event("member.joined", { tokenId: id, member: "bo" });
    assert.deepEqual(outcomeAfter(open, id, [other, joined]), { kind: "used", member: "bo" });
    const withdrawn = event("token.revoked", { tokenId: id });
    assert.deepEqual(outcomeAfter(open, id, [withdrawn]), { kind: "withdrawn" });
    assert.deepEqual(outcomeAfter({ kind: "withdrawn" }, id, [other]), { kind: "withdrawn" });
  });

  it("is what the list of links says where events were missed", () => {
    const record = (state: TokenRecord["state"], member: string | null = null) =>
      [{ id, state, member }] as TokenRecord[];
    assert.deepEqual(outcomeInList(open, id, record("open")), open);
    assert.deepEqual(outcomeInList(open, id, record("used", "bo")), { kind: "used", member: "bo" });
    assert.deepEqual(outcomeInList(open, id, record("revoked")), { kind: "withdrawn" });
    assert.deepEqual(outcomeInList(open, id, []), open);
  });

  it("is known to lead nowhere from other machines when its address is this machine's own", () => {
    for (const address of ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
      assert.equal(isForOneMachine(linkTo(address)), true, address);
    for (const address of ["192.0.2.7", "128.0.0.1", "127.example.org", "[2001:db8::1]"])
      assert.equal(isForOneMachine(linkTo(address)), false, address);
  });
});

describe("the QR code of a text", () => {
  it("is read by a camera, with the quiet zone that the standard asks for", () => {
    const link = linkTo("192.0.2.7");
    const code = qrCode(link);
    assert.equal(read(code), link);
    const edges = [...code.path.matchAll(/M(\d+) (\d+)h(\d+)/g)].map(([, x, y, width]) => ({
      left: Number(x),
      top: Number(y),
      right: code.size - Number(x) - Number(width),
      bottom: code.size - Number(y) - 1,
    }));
    for (const side of ["left", "top", "right", "bottom"] as const)
      assert.equal(Math.min(...edges.map((edge) => edge[side])), 4, side);
  });
});

describe("the panel of a join link", () => {
  it("has the link in every form while it opens something", () => {
    const { forms, state, qr, reach, title, says } = modelOf();
    const { link, editorLink } = anInvitation();
    assert.deepEqual(forms, { link, editorLink, command: `hwledger join '${link}'` });
    assert.deepEqual([state, reach, title], ["open", null, "Join link for one operator"]);
    assert.equal(read(qr), link);
    assert.match(says, /^Whoever has this link can join the fleet, once, as operator/);
  });

  it("has no link any more once it opens nothing, and says why", () => {
    const endings = [
      [modelOf({ outcome: { kind: "used", member: "bo" } }), "used", /^bo has joined/],
      [modelOf({ outcome: { kind: "used", member: null } }), "used", /^Somebody has joined/],
      [modelOf({ outcome: { kind: "withdrawn" } }), "withdrawn", /^This link was withdrawn/],
      [modelOf({}, "elsewhere", nowMs + 900_000), "ran-out", /^This link has run out/],
    ] as const;
    for (const [model, state, says] of endings) {
      assert.deepEqual([model.state, model.forms, model.reach], [state, null, null]);
      assert.match(model.says, says);
    }
    const late = modelOf({ outcome: { kind: "used", member: "bo" } }, "elsewhere", nowMs + 900_000);
    assert.equal(late.state, "used");
  });

  it("says whom a link brings back", () => {
    const { title, says } = modelOf({ invitation: anInvitation({ purpose: { member: "bo" } }) });
    assert.equal(title, "Join link for bo");
    assert.match(says, /^Whoever has this link becomes bo, once/);
  });

  it("says that only one machine can use it, and offers more where the service is this machine's", () => {
    const invitation = anInvitation({ link: linkTo("127.0.0.1") });
    assert.equal(modelOf({ invitation }, "here").reach?.canListen, true);
    const elsewhere = modelOf({ invitation }).reach;
    assert.equal(elsewhere?.canListen, false);
    assert.match(elsewhere.text, /hwledger up --listen/);
  });

  it("offers nothing while it is busy, or for a fleet that is not shown", () => {
    assert.equal(modelOf().canAct, true);
    assert.equal(modelOf({ isBusy: true }).canAct, false);
    const other = modelOf({ invitation: anInvitation({ fleetId: "fleet-2" }) });
    assert.deepEqual([other.canAct, other.banner?.tone], [false, "warning"]);
  });
});
