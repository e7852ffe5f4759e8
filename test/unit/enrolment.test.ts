import assert from "node:assert/strict";
import { memberNameSchema } from "../../protocol/ids.ts";
import { decideEnrolment, freeMemberName } from "../../service/domain/decideEnrolment.ts";

const fresh = { role: "viewer" as const, expiresAtMs: 100, usedByKey: null, revokedAtMs: null };
const used = { ...fresh, usedByKey: "key-a" };
const by = (key: string, as: "user" | "agent" = "user") => ({ key, as });

describe("a join token", () => {
  it("lets the first key in until its time is over", () => {
    assert.equal(decideEnrolment(fresh, by("key-a"), 99), "enrol");
    assert.throws(() => decideEnrolment(fresh, by("key-a"), 100), /could be used until/);
  });

  it("answers its own key again, whenever", () => {
    assert.equal(decideEnrolment(used, by("key-a"), 1), "repeat");
    assert.equal(decideEnrolment(used, by("key-a"), 1_000_000), "repeat");
  });

  it("refuses another key", () => {
    assert.throws(() => decideEnrolment(used, by("key-b"), 1), /another key has used it/);
  });

  it("is no longer good once it was withdrawn, but for who has used it", () => {
    assert.throws(() => decideEnrolment({ ...fresh, revokedAtMs: 5 }, by("key-a"), 1), /withdrew/);
    assert.equal(decideEnrolment({ ...used, revokedAtMs: 5 }, by("key-a"), 1), "repeat");
  });

  it("lets in a person or an agent, never one for the other", () => {
    const agents = { ...fresh, role: "agent" as const };
    assert.equal(decideEnrolment(agents, by("key-a", "agent"), 1), "enrol");
    assert.throws(() => decideEnrolment(agents, by("key-a"), 1), /lets in the agent of a host; a person/);
    assert.throws(() => decideEnrolment(fresh, by("key-a", "agent"), 1), /lets in a person; the agent/);
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

  it("is never the id of a host, which its agent has", () => {
    const name = freeMemberName("h-0123456789abcdef", () => false);
    assert.equal(name, "h-0123456789abcdef-2");
  });

  it("stays a name when it is as long as can be", () => {
    const long = "a".repeat(63);
    const name = freeMemberName(long, (one) => one === long);
    assert.ok(memberNameSchema.safeParse(name).success, name);
  });
});
