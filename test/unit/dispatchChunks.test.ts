import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { chunksOf } from "../../service/dispatch/chunksOf.ts";

describe("the chunks of a stream", () => {
  it("come as they were, also those that piled up", async () => {
    const stream = new PassThrough({ highWaterMark: 1_048_576 });
    const chunks = chunksOf(stream);
    for (const text of ["a", "bc", "def"]) stream.write(text);
    stream.end();
    const got: string[] = [];
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) got.push(String(next.value));
    assert.deepEqual(got, ["a", "bc", "def"]);
    assert.equal((await chunks.next()).done, true);
  });

  it("make the stream wait while nobody takes them, and lose none", async () => {
    const piece = Buffer.alloc(65_536, 7);
    let made = 0;
    const stream = new Readable({ read: () => stream.push(made++ < 100 ? piece : null) });
    const chunks = chunksOf(stream);
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(made < 40, `${made} chunks were read for nobody`);
    let bytes = 0;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) bytes += next.value.length;
    assert.equal(bytes, 100 * piece.length);
  });

  it("end with what broke the stream, after what came before", async () => {
    const stream = new PassThrough();
    const chunks = chunksOf(stream);
    stream.write("last words");
    await new Promise((resolve) => setImmediate(resolve));
    stream.destroy(new Error("cut"));
    assert.equal(String((await chunks.next()).value), "last words");
    await assert.rejects(chunks.next(), /cut/);
  });
});
