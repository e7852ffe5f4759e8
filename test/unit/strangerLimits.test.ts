import assert from "node:assert/strict";
import { addressGroup } from "../../service/http/addressGroup.ts";
import { createCrowd } from "../../service/http/createCrowd.ts";
import { createFailureCounts } from "../../service/http/createFailureCounts.ts";

describe("what counts as one address", () => {
  for (const [address, group] of [
    ["127.0.0.1", "127.0.0.1"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::1", "0:0:0:0::/64"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:0001:0002::9", "2001:db8:1:2::/64"],
    ["2001:db8::1:2:3:4:5", "2001:db8:0:1::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["64:ff9b::192.0.2.7", "64:ff9b:0:0::/64"],
  ] as const)
    it(`is ${group} for ${address}`, () => assert.equal(addressGroup(address), group));
});

describe("failures of an address", () => {
  it("make it wait for the rest of its minute once they are too many, and nobody else", () => {
    let nowMs = 1_000;
    const failures = createFailureCounts({ perMinute: 2, capacity: 10, nowMs: () => nowMs });
    failures.note("a");
    assert.equal(failures.waitMs("a"), 0);
    nowMs += 20_000;
    failures.note("a");
    assert.equal(failures.waitMs("a"), 40_000);
    assert.equal(failures.waitMs("b"), 0);
    nowMs += 40_000;
    assert.equal(failures.waitMs("a"), 0);
    failures.note("a");
    assert.equal(failures.waitMs("a"), 0, "the next minute begins with none");
  });

  it("are remembered of so many addresses and no more", () => {
    const failures = createFailureCounts({ perMinute: 1, capacity: 3, nowMs: () => 0 });
    for (const address of ["a", "b", "c", "d"]) failures.note(address);
    assert.deepEqual(
      ["a", "b", "c", "d"].map((address) => failures.waitMs(address) > 0),
      [false, true, true, true],
    );
  });
});

describe("a crowd", () => {
  function ended(ends: "oldest" | "newest", total: number, perGroup: number, groups: string): string[] {
    const gone: string[] = [];
    const crowd = createCrowd({ total, perGroup, ends });
    groups.split("").forEach((group, at) => crowd.add(group, () => gone.push(`${group}${at}`)));
    return gone;
  }

  it("of too many in a group loses the oldest or the newest of that group", () => {
    assert.deepEqual(ended("oldest", 10, 2, "abaaab"), ["a0", "a2"]);
    assert.deepEqual(ended("newest", 10, 2, "abaaab"), ["a3", "a4"]);
  });

  it("of too many in all loses the oldest or the newest of all", () => {
    assert.deepEqual(ended("oldest", 3, 3, "abcd"), ["a0"]);
    assert.deepEqual(ended("newest", 3, 3, "abcd"), ["d3"]);
  });

  it("has room again when somebody leaves, whom it does not end later", () => {
    const gone: number[] = [];
    const crowd = createCrowd({ total: 2, perGroup: 2, ends: "oldest" });
    const leave = crowd.add("a", () => gone.push(0));
    crowd.add("a", () => gone.push(1));
    leave();
    leave();
    crowd.add("a", () => gone.push(2));
    assert.equal(gone.length, 0);
    crowd.add("a", () => gone.push(3));
    assert.deepEqual(gone, [1]);
  });
});
