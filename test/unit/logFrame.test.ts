import assert from "node:assert/strict";
import { decodeLogFrame, logFrameHead } from "../../protocol/stream.ts";

describe("a log frame", () => {
  it("comes back as it was, also far into a log", () => {
    for (const offset of [0, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
      const frame = { id: 0xffff_ffff, offset };
      const text = Buffer.from("é\0");
      for (const fragments of [
        [Buffer.concat([logFrameHead(frame), text])],
        [logFrameHead(frame), text.subarray(0, 1), text.subarray(1)],
      ]) {
        const { pieces, ...back } = decodeLogFrame(fragments)!;
        assert.deepEqual(back, frame);
        assert.deepEqual(Buffer.concat(pieces), text);
      }
    }
  });

  it("is none when it is too short or of another kind", () => {
    assert.equal(decodeLogFrame([]), null);
    assert.equal(decodeLogFrame([Buffer.alloc(12, 1)]), null);
    assert.equal(decodeLogFrame([Buffer.from([2, ...Buffer.alloc(20)])]), null);
  });
});
