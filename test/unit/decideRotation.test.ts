import assert from "node:assert/strict";
import { decideRotation, type CaFacts, type RotationFacts } from "../../service/domain/decideRotation.ts";

const dayMs = 86_400_000;
const nowMs = 1_000 * dayMs;
const ago = (days: number): number => nowMs - days * dayMs;

function aCa(over: Partial<CaFacts>): CaFacts {
  return {
    fingerprint: "old",
    state: "issuing",
    madeAtMs: ago(80),
    stateAtMs: ago(80),
    validCertificates: 9,
    ...over,
  };
}
/** A member that was heard from so many days ago. */
const member = (days: number | null, ...trusts: string[]) => ({
  seenAtMs: days === null ? null : ago(days),
  trusts,
});
/** A fleet in which the authority `new` was announced so many days ago. */
const announced = (days: number, ...members: RotationFacts["members"][number][]): RotationFacts => ({
  cas: [aCa({}), aCa({ fingerprint: "new", state: "announced", madeAtMs: ago(days), stateAtMs: ago(days) })],
  members,
});
const announce = { kind: "announce" };
const issue = { kind: "issue", fingerprint: "new" };

describe("the next step of a rotation", () => {
  const table: [string, RotationFacts, unknown][] = [
    ["waits for the day", { cas: [aCa({ madeAtMs: ago(89.9) })], members: [] }, null],
    ["announces after 90 days", { cas: [aCa({ madeAtMs: ago(90) })], members: [] }, announce],
    ["gives everybody a day, also in an empty fleet", announced(0.9), null],
    ["signs after it where nobody is", announced(1), issue],
    ["signs once all who are awake know", announced(1, member(0.1, "old", "new")), issue],
    ["waits for one who is awake and does not know", announced(13.9, member(0.1, "old")), null],
    ["waits a fortnight at most", announced(14, member(0.1, "old")), issue],
    ["waits for nobody who sleeps", announced(1, member(3, "old"), member(0.1, "new")), issue],
    ["waits for nobody who was never heard from", announced(1, member(null, "old")), issue],
    ["waits for one who woke up", announced(1, member(2.9, "old"), member(0.1, "new")), null],
    [
      "retires what no certificate hangs on, before anything else",
      {
        cas: [
          aCa({ fingerprint: "done", state: "superseded", validCertificates: 0 }),
          aCa({ madeAtMs: ago(90) }),
        ],
        members: [],
      },
      { kind: "retire", fingerprint: "done" },
    ],
    [
      "retires nothing that a certificate hangs on",
      {
        cas: [aCa({ fingerprint: "used", state: "superseded", validCertificates: 1 }), aCa({})],
        members: [],
      },
      null,
    ],
  ];
  for (const [what, facts, step] of table)
    it(what, () => assert.deepEqual(decideRotation(facts, nowMs), step));
});
