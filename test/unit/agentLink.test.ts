import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import * as fc from "fast-check";
import {
  agentFrameHead,
  decodeAgentFrame,
  shellStreams,
  shellWindowBytes,
} from "../../protocol/agentLink.ts";
import { createPackedReadings } from "../../protocol/shells/packedReadings.ts";
import { createSentWritable, createTakenBytes, sendReadable } from "../../protocol/shells/sentBytes.ts";

describe("what agent and service send each other", () => {
  it("comes out of a frame as it went in", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...shellStreams),
        fc.nat(0xffff_ffff),
        fc.uint8Array({ maxLength: 100 }),
        (stream, shell, bytes) => {
          const message = Buffer.concat([agentFrameHead({ kind: "bytes", stream, shell }), bytes]);
          const frame = decodeAgentFrame(message);
          assert.ok(frame?.kind === "bytes");
          assert.deepEqual([frame.stream, frame.shell, [...frame.bytes]], [stream, shell, [...bytes]]);
        },
      ),
    );
  });

  it("is no frame where it is something else, and never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const frame = decodeAgentFrame(bytes);
        if (bytes.length < 5 || bytes[0]! < 1 || bytes[0]! > 4) assert.equal(frame, null);
        else assert.notEqual(frame, null);
      }),
    );
  });

  it("is packed against what came before, whatever it is", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 500 }), { maxLength: 20 }), (texts) => {
        const [one, other] = [createPackedReadings(), createPackedReadings()];
        for (const text of texts) {
          const wellFormed = text.toWellFormed();
          assert.equal(other.unpack(one.pack(wellFormed)), wellFormed);
        }
      }),
    );
  });

  it("costs little where little has changed", () => {
    const packed = createPackedReadings();
    const text = (value: number) =>
      JSON.stringify({
        gpus: Array.from({ length: 8 }, (_, at) => ({ uuid: `GPU-${at}-a1b2c3`, value: value + at })),
      });
    const first = packed.pack(text(10)).length;
    const second = packed.pack(text(11)).length;
    assert.ok(second < first / 2, `${second} bytes after ${first}`);
  });

  it("does not grow without bound where it is packed to do so", () => {
    const bomb = createPackedReadings().pack("a".repeat(2_000_000));
    assert.ok(bomb.length < 10_000);
    assert.throws(() => createPackedReadings().unpack(bomb), /Cannot create a Buffer larger than|larger/);
  });
});

describe("a shell's bytes between agent and service", () => {
  it("arrive whole and in order through windows, however they are cut and read", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 8 }), async (sizes) => {
        const taken = createTakenBytes((bytes) => setImmediate(() => sent.credit(bytes)));
        const sent = createSentWritable((bytes) => assert.ok(taken.take(bytes)));
        const parts = sizes.map((size, at) => Buffer.alloc(size, at + 1));
        const got = buffer(taken.stream);
        for (const part of parts) if (!sent.write(part)) await once(sent, "drain");
        sent.end();
        assert.ok((await got).equals(Buffer.concat(parts)));
      }),
      { numRuns: 20 },
    );
  });

  it("wait where nobody reads, at a window's worth", () => {
    const source = new PassThrough({ highWaterMark: 10_000_000 });
    let bytes = 0;
    const sent = sendReadable(source, (part) => (bytes += part.length));
    for (let part = 0; part < 100; part++) source.write(Buffer.alloc(16_384));
    source.resume();
    assert.ok(bytes >= shellWindowBytes && bytes < shellWindowBytes + 16_384, `${bytes} bytes were sent`);
    sent.credit(16_384);
    assert.ok(bytes < shellWindowBytes + 3 * 16_384);
  });

  it("are too many where the other end does not keep to the window", () => {
    const taken = createTakenBytes(() => undefined);
    const part = Buffer.alloc(32_768);
    let isFine = true;
    for (let count = 0; count < 40 && isFine; count++) isFine = taken.take(part);
    assert.equal(isFine, false);
  });
});
