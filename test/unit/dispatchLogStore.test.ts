import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jobIdSchema } from "../../protocol/ids.ts";
import { createLogStore, type LogStore } from "../../service/dispatch/createLogStore.ts";

const id = jobIdSchema.parse("j-00000000000000aa");
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

async function collect(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(Buffer.from(part));
  return Buffer.concat(all);
}

describe("the mirror of a log", () => {
  let directory: string;
  let complete: boolean;
  let logs: LogStore;
  const open = (): LogStore => createLogStore({ directory, isComplete: () => complete });
  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), "hwledger-logs-")), "logs");
    complete = false;
    logs = open();
  });
  afterEach(async () => {
    await logs.close();
    rmSync(join(directory, ".."), { recursive: true });
  });

  it("is a file for its owner alone, in a folder for its owner alone", async () => {
    await logs.append(id, Buffer.from("x"));
    assert.equal(statSync(join(directory, `${id}.log`)).mode & 0o777, 0o600);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
  });

  it("counts and hashes what it holds", async () => {
    await logs.append(id, Buffer.from([0xff, 0x0d, 0x00]));
    await logs.append(id, Buffer.from("more"));
    const whole = Buffer.concat([Buffer.from([0xff, 0x0d, 0x00]), Buffer.from("more")]);
    assert.equal(logs.size(id), 7);
    assert.deepEqual(await logs.finish(id), { bytes: 7, sha256: sha256(whole) });
    assert.deepEqual(readFileSync(join(directory, `${id}.log`)), whole);
  });

  it("hashes what an earlier run of the service held, too", async () => {
    await logs.append(id, Buffer.from("before "));
    await logs.close();
    logs = open();
    assert.equal(logs.size(id), 7);
    await logs.append(id, Buffer.from("after"));
    assert.equal((await logs.finish(id)).sha256, sha256(Buffer.from("before after")));
  });

  it("gives a follower what is there and what comes, until the log is complete", async () => {
    await logs.append(id, Buffer.from("one "));
    const read = collect(logs.follow(id, 2, new AbortController().signal));
    await logs.append(id, Buffer.from("two "));
    await logs.append(id, Buffer.from("three"));
    await logs.finish(id);
    assert.equal((await read).toString(), "e two three");
  });

  it("gives a follower that came before the first byte the first byte", async () => {
    const read = collect(logs.follow(id, 0, new AbortController().signal));
    await logs.append(id, Buffer.from("first"));
    await logs.finish(id);
    assert.equal((await read).toString(), "first");
  });

  it("serves a slow reader from the file, byte for byte", async () => {
    const parts = Array.from({ length: 400 }, (_, index) => Buffer.alloc(5_000, index % 251));
    const follower = logs.follow(id, 0, new AbortController().signal)[Symbol.asyncIterator]();
    const got: Buffer[] = [];
    for (const part of parts) {
      await logs.append(id, part);
      if (got.length < 3) got.push((await follower.next()).value as Buffer);
    }
    await logs.finish(id);
    for (let next = await follower.next(); !next.done; next = await follower.next()) got.push(next.value);
    assert.ok(Buffer.concat(got).equals(Buffer.concat(parts)));
  });

  it("lets go of a follower that is aborted, and of all at its end", async () => {
    const abort = new AbortController();
    const first = collect(logs.follow(id, 0, abort.signal));
    const second = collect(logs.follow(id, 0, new AbortController().signal));
    abort.abort();
    assert.equal((await first).length, 0);
    await logs.close();
    assert.equal((await second).length, 0);
  });

  it("does not wait at the end of a log that was complete before", async () => {
    await logs.append(id, Buffer.from("all of it"));
    await logs.close();
    complete = true;
    logs = open();
    assert.equal((await collect(logs.follow(id, 4, new AbortController().signal))).toString(), "of it");
  });

  it("reads what is there without waiting", async () => {
    await logs.append(id, Buffer.from("so far"));
    assert.equal((await collect(logs.read(id, 0))).toString(), "so far");
    assert.equal((await collect(logs.read(id, 99))).toString(), "");
  });
});
