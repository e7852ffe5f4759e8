import assert from "node:assert/strict";
import { trustModel, trustText } from "../../extension/core/panels/trustModel.ts";
import { trustModelSchema } from "../../extension/core/panels/membersSchema.ts";
import type { CaBundle, CaRecord, RotationPhase } from "../../protocol/ca.ts";
import type { MemberRecord } from "../../protocol/member.ts";
import { anAuthority, day, nowMs } from "../support/memberRecords.ts";

function bundle(phase: RotationPhase, cas: CaRecord[]): CaBundle {
  return { fleetId: "f", phase, nextRotationAtMs: nowMs + 60 * day, cas };
}

describe("the trust in a panel", () => {
  it("says how far a rotation is, newest authority first", () => {
    const cas = [anAuthority(1, "superseded"), anAuthority(2, "issuing")];
    const model = trustModelSchema.parse(trustModel(bundle("issue", cas), nowMs, true));
    assert.match(model.phase, /A new authority signs/);
    assert.deepEqual(
      model.authorities.map(({ name, state, certificates }) => [name, state, certificates]),
      [
        ["Authority 2", "signs", "2 valid certificates"],
        ["Authority 1", "trusted for what it has signed", "1 valid certificate"],
      ],
    );
    assert.equal(model.next.text, "The next rotation begins in 60 d.");
    assert.equal(model.canRotate, true);
  });

  it("offers a rotation to admins, and none while one waits for the members", () => {
    const steady = bundle("steady", [anAuthority(1, "issuing")]);
    assert.equal(trustModel(steady, nowMs, false).canRotate, false);
    const waiting = bundle("announce", [anAuthority(1, "issuing"), anAuthority(2, "announced")]);
    assert.equal(trustModel(waiting, nowMs, true).canRotate, false);
  });

  it("says of a rotation that is due that it comes by itself", () => {
    const due = { ...bundle("steady", [anAuthority(1, "issuing")]), nextRotationAtMs: nowMs - 1 };
    assert.match(trustModel(due, nowMs, true).next.text, /within the hour/);
  });

  it("says what a member holds and trusts", () => {
    const cas = [anAuthority(1, "superseded"), anAuthority(2, "issuing")];
    const member = {
      caGeneration: 1,
      trusts: [cas[0]!.fingerprint, cas[1]!.fingerprint],
    } as unknown as MemberRecord;
    assert.equal(trustText(member, cas), "by authority 1 · trusts 1, 2");
    const old = { caGeneration: null, trusts: ["0".repeat(64)] } as unknown as MemberRecord;
    assert.equal(trustText(old, cas), "trusts none of today's");
  });
});
