import assert from "node:assert/strict";
import type { Contact } from "../../extension/core/contact.ts";
import { unknownFleet } from "../../extension/core/fleetState.ts";
import { type MembersFacts, membersModel } from "../../extension/core/panels/membersModel.ts";
import { membersModelSchema } from "../../extension/core/panels/membersSchema.ts";
import type { MemberRecord } from "../../protocol/member.ts";
import { problemOfError, Refusal } from "../../protocol/problem.ts";
import { identity } from "../support/handPlayedFleet.ts";
import { aMember, aToken, day, known, nowMs } from "../support/memberRecords.ts";

const agent = aMember("h-0000000000000001", { role: "agent", host: "rtx-box" });

const lost = {
  kind: "lost",
  sinceMs: nowMs - 60_000,
  problem: problemOfError(
    new Refusal("service-unreachable", { url: "https://127.0.0.1:1", reason: "refused" }),
  ),
} as const;

function modelOf(facts: Partial<MembersFacts> = {}, contact: Contact = { kind: "live" }) {
  const session = { fleet: { ...unknownFleet, isKnown: true }, contact, identity: identity("cert") };
  const all = { known: known(), problem: null, busy: new Set<string>(), answered: 0, ...facts };
  // What a page gets has gone through JSON and its schema.
  return membersModelSchema.parse(JSON.parse(JSON.stringify(membersModel(session, all, nowMs))));
}

describe("the panel of the members", () => {
  it("has people by role and name, then agents under their host's name, ended memberships last", () => {
    const members = [
      agent,
      aMember("zoe", { revokedAtMs: nowMs - day }),
      aMember("cy", { role: "operator" }),
      aMember("bo"),
      aMember("al"),
      aMember("ada", { role: "admin" }),
    ];
    const { rows } = modelOf({ known: known({ members }) });
    assert.deepEqual(
      rows?.map(({ label, note, isYou, isEnded }) => [label, note, isYou, isEnded]),
      [
        ["ada", "", true, false],
        ["cy", "", false, false],
        ["al", "", false, false],
        ["bo", "", false, false],
        ["rtx-box", "h-0000000000000001", false, false],
        ["zoe", "", false, true],
      ],
    );
  });

  it("says when somebody was seen as of the reading, no finer than the service knows", () => {
    const seenAt = (seenAtMs: number | null) => {
      const members = [aMember("bo", { seenAtMs })];
      return modelOf({ known: known({ members, readAtMs: nowMs - day }) }).rows?.[0]?.seen.text;
    };
    assert.equal(seenAt(nowMs - day - 9 * 60_000), "in the last 10 min");
    assert.equal(seenAt(nowMs - day - 20 * 60_000), "20 min ago");
    assert.equal(seenAt(null), "not since joining");
  });

  it("warns of certificates that run out soon, and says since when one has", () => {
    const endOf = (over: Partial<MemberRecord>) => {
      const membership = modelOf({ known: known({ members: [aMember("bo", over)] }) }).rows?.[0]?.membership;
      return [membership?.text, membership?.tone];
    };
    assert.deepEqual(endOf({}), ["runs out in 60 d", "plain"]);
    assert.deepEqual(endOf({ notAfterMs: nowMs + 13 * day }), ["runs out in 13 d", "warning"]);
    assert.deepEqual(endOf({ notAfterMs: nowMs - 3 * day }), ["ran out 3 d ago", "warning"]);
    assert.deepEqual(endOf({ revokedAtMs: nowMs - 5 * day }), ["ended 5 d ago", "ended"]);
  });

  it("lets an admin change roles of people, end memberships, and bring back whose certificate has run out", () => {
    const members = [
      aMember("ada", { role: "admin" }),
      aMember("bo"),
      aMember("cy", { notAfterMs: nowMs - day }),
      agent,
      aMember("zoe", { revokedAtMs: nowMs - day, notAfterMs: nowMs - day }),
    ];
    const { rows, note, isAdmin } = modelOf({ known: known({ members }), busy: new Set(["bo"]) });
    const may = rows?.map((row) => [row.label, row.canChangeRole, row.canRevoke, row.canReturn, row.isBusy]);
    assert.deepEqual(may, [
      ["ada", true, true, false, false],
      ["bo", true, true, false, true],
      ["cy", true, true, true, false],
      ["rtx-box", false, true, false, false],
      ["zoe", false, false, false, false],
    ]);
    assert.deepEqual([note, isAdmin], ["", true]);
  });

  it("offers nothing to who is no admin, whatever role the kept identity has, and says why", () => {
    const { rows, links, note, isAdmin } = modelOf({ known: known({ ownRole: "operator", tokens: null }) });
    assert.equal(isAdmin, false);
    assert.equal(links, null);
    assert.match(note, /^You are operator in this fleet\. Only admins/);
    assert.deepEqual(
      rows?.map((row) => row.canChangeRole || row.canRevoke || row.canReturn),
      [false, false],
    );
  });

  it("has the links that can still be used, newest first: whom each lets in, who made it, until when", () => {
    const tokens = [
      aToken("1", { createdAtMs: nowMs - 5 * 60_000, createdBy: "service" }),
      aToken("2", { role: "agent", host: "rtx-box" }),
      aToken("3", { role: "viewer", member: "bo", createdAtMs: nowMs - 120_000 }),
      aToken("4", { state: "used" }),
      aToken("5", { state: "revoked" }),
      aToken("6", { expiresAtMs: nowMs }),
    ];
    const { links } = modelOf({ known: known({ tokens }) });
    assert.deepEqual(
      links?.map(({ whom, made, runsOut }) => [whom, made.text, runsOut.text]),
      [
        ["the agent of rtx-box", "1 min ago by ada", "in 14 min"],
        ["bo, to come back", "2 min ago by ada", "in 14 min"],
        ["one operator", "5 min ago by the service", "in 14 min"],
      ],
    );
  });

  it("says that it reads, why it could not, and without contact from when what it shows is", () => {
    assert.equal(modelOf({ known: null }).banner?.text, "Reading who belongs to the fleet…");
    const problem = problemOfError(new Refusal("answer-invalid", { reason: "Half an answer." }));
    assert.equal(modelOf({ known: null, problem }).banner?.tone, "warning");
    const away = modelOf({ known: known({ tokens: [aToken("1")], readAtMs: nowMs - 180_000 }) }, lost);
    assert.match(away.banner?.text ?? "", /^Not connected(?!.* ago)/);
    assert.equal(away.banner?.age, "What is shown was so 3 min ago.");
    assert.equal(away.isStale, true);
    assert.ok(away.rows?.every((row) => !row.canChangeRole && !row.canRevoke));
    assert.ok(away.links?.every((link) => !link.canWithdraw));
  });

  it("shows nothing of another fleet than that of the session", () => {
    assert.equal(modelOf({ known: known({ fleetId: "fleet-2" }) }).rows, null);
  });
});

/** A service that answers when it is told to. */
