import assert from "node:assert/strict";
import { memberNameSchema } from "../../protocol/ids.ts";
import { decideEnrolment, freeMemberName } from "../../service/domain/decideEnrolment.ts";

const fresh = { expiresAtMs: 100, usedByKey: null };
const used = { expiresAtMs: 100, usedByKey: "key-a" };

describe("a join token", () => {
  it("lets the first key in until its time is over", () => {
    assert.equal(decideEnrolment(fresh, "key-a", 99), "enrol");
    assert.throws(() => decideEnrolment(fresh, "key-a", 100), /expired/);
  });

  it("answers its own key again, whenever", () => {
    assert.equal(decideEnrolment(used, "key-a", 1), "repeat");
    assert.equal(decideEnrolment(used, "key-a", 1_000_000), "repeat");
  });

  it("refuses another key", () => {
    assert.throws(() => decideEnrolment(used, "key-b", 1), /used already/);
  });
});

describe("a member's name", () => {
  it("is the wanted one where it is free, else the next that is", () => {
    const taken = new Set(["ada", "ada-2"]);
    assert.equal(
      freeMemberName("grace", (name) => taken.has(name)),
      "grace",
    );
    assert.equal(
      freeMemberName("ada", (name) => taken.has(name)),
      "ada-3",
    );
  });

  it("stays a name when it is as long as can be", () => {
    const long = "a".repeat(63);
    const name = freeMemberName(long, (one) => one === long);
    assert.ok(memberNameSchema.safeParse(name).success, name);
  });
});
