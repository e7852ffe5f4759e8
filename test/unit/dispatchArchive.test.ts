import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { PassThrough, Readable, Writable } from "node:stream";
import { Refusal } from "../../protocol/problem.ts";
import { backoffMs } from "../../service/dispatch/backoffMs.ts";
import { realAfter } from "../../service/dispatch/dispatchDeps.ts";
import { sendArchive, type SendOptions } from "../../service/dispatch/sendArchive.ts";

const options = (changes: Partial<SendOptions> = {}): SendOptions => ({
  host: "box",
  after: realAfter,
  stallMs: 5_000,
  signal: new AbortController().signal,
  ...changes,
});
const code = (expected: string) => (error: unknown) => error instanceof Refusal && error.code === expected;

describe("an archive on its way", () => {
  it("is counted and hashed, and ends the host's stdin", async () => {
    const got: Buffer[] = [];
    const stdin = new PassThrough();
    stdin.on("data", (chunk: Buffer) => got.push(chunk));
    const parts = [Buffer.from("abc"), Buffer.alloc(100_000, 7)];
    const sent = await sendArchive(Readable.from(parts), stdin, options());
    const whole = Buffer.concat(parts);
    assert.deepEqual(sent, {
      bytes: whole.length,
      sha256: createHash("sha256").update(whole).digest("hex"),
      whole: true,
    });
    assert.ok(Buffer.concat(got).equals(whole));
  });

  it("is not read faster than the host takes it", async () => {
    let pulled = 0;
    const archive = Readable.from(
      (function* () {
        for (; pulled < 200; pulled++) yield Buffer.alloc(65_536);
      })(),
    );
    let release: () => void = () => {};
    const stdin = new Writable({
      highWaterMark: 65_536,
      write(_chunk, _encoding, done) {
        release = done;
      },
    });
    await assert.rejects(sendArchive(archive, stdin, options({ stallMs: 50 })), code("dispatch-timeout"));
    assert.ok(pulled < 30, `${pulled} chunks were read`);
    assert.ok(archive.destroyed);
    release();
  });

  it("is incomplete when its source fails, or breaks off, or stalls", async () => {
    const failing = new PassThrough();
    failing.write("some");
    const first = sendArchive(failing, new PassThrough().resume(), options());
    setImmediate(() => failing.destroy(new Error("the editor went away")));
    await assert.rejects(first, code("upload-incomplete"));

    const broken = new PassThrough();
    broken.write("some");
    const second = sendArchive(broken, new PassThrough().resume(), options());
    setImmediate(() => broken.destroy());
    await assert.rejects(second, code("upload-incomplete"));

    const silent = new PassThrough();
    await assert.rejects(
      sendArchive(silent, new PassThrough().resume(), options({ stallMs: 20 })),
      code("upload-incomplete"),
    );
    assert.ok(silent.destroyed);
  });

  it("stops when the host takes no more, and says so", async () => {
    const stdin = new PassThrough();
    stdin.destroy(new Error("EPIPE"));
    const archive = Readable.from([Buffer.alloc(10), Buffer.alloc(10)]);
    assert.equal((await sendArchive(archive, stdin, options())).whole, false);
    assert.ok(archive.destroyed);
  });

  it("ends with the signal's reason", async () => {
    const abort = new AbortController();
    const archive = new PassThrough();
    const sending = sendArchive(archive, new PassThrough().resume(), options({ signal: abort.signal }));
    abort.abort(new Refusal("interrupted", {}));
    await assert.rejects(sending, code("interrupted"));
    assert.ok(archive.destroyed);
  });
});

describe("the pause before another attempt", () => {
  const limits = { minMs: 1_000, maxMs: 30_000 };

  it("doubles up to its limit", () => {
    const pauses = [1, 2, 3, 5, 6, 60, 6_000].map((attempt) => backoffMs(attempt, limits, 0));
    assert.deepEqual(pauses, [1_000, 2_000, 4_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("is shortened by chance, by a quarter at most", () => {
    assert.equal(backoffMs(1, limits, 0.999999), 750);
  });
});
