import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTrustWorld } from "../support/trustWorld.ts";

describe("the file of an authority that does not sign yet", function () {
  this.timeout(60_000);
  let home: string;
  beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "hwledger-next-"))));
  afterEach(() => rmSync(home, { recursive: true }));

  const open = () =>
    openTrustWorld(
      home,
      () => Date.now(),
      () => null,
    );
  const states = ({ authority }: ReturnType<typeof open>) => authority.trusted().map(({ state }) => state);

  for (const [how, spoil] of [
    ["damaged", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 100))],
    ["gone", (file: string) => rmSync(file)],
  ] as const)
    it(`keeps nobody from starting when it is ${how}: that authority is given up`, async () => {
      const first = open();
      await first.rotation.begin("user/root", { sign: "when-known", force: false });
      assert.deepEqual(states(first), ["issuing", "announced"]);
      first.close();
      spoil(join(home, "keys", "ca-next.json"));
      const second = open();
      assert.deepEqual(states(second), ["issuing"]);
      await second.rotation.begin("user/root", { sign: "now", force: false });
      assert.deepEqual(states(second), ["superseded", "issuing"]);
      assert.equal(second.authority.trusted().at(-1)?.generation, 3);
      second.close();
    });

  it("is put in its place by the next look, where the disk failed in that moment", async () => {
    const world = open();
    await world.rotation.begin("user/root", { sign: "when-known", force: false });
    const file = join(home, "keys", "ca.json");
    renameSync(file, `${file}.aside`);
    mkdirSync(file); // nothing can be put over it
    await assert.rejects(
      world.rotation.begin("user/root", { sign: "now", force: false }),
      /EISDIR|EEXIST|EPERM/,
    );
    rmdirSync(file);
    renameSync(`${file}.aside`, file);
    const issuing = () => world.authority.trusted().find(({ state }) => state === "issuing");
    assert.notEqual(world.authority.issuing().fingerprint, issuing()?.fingerprint);
    await world.rotation.advance();
    assert.equal(world.authority.issuing().fingerprint, issuing()?.fingerprint);
    assert.deepEqual(readdirSync(join(home, "keys")), ["ca.json"]);
    world.close();
  });

  it("leaves no key of a write that was cut off", () => {
    open().close();
    const left = join(home, "keys", "ca-next.json.4711.partial");
    writeFileSync(left, "half a key");
    open().close();
    assert.deepEqual(readdirSync(join(home, "keys")), ["ca.json"]);
  });
});
