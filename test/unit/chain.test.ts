import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  canonicalEvent,
  canonicalJson,
  chainDomain,
  eventHash,
  genesisHash,
} from "../../protocol/ledger/chain.ts";
import { sha256Hex } from "../../service/ledger/createLedger.ts";

interface Vector {
  event: { seq: number; at: number; schema: number; type: string; actor: string; payload: unknown };
  canonical: string;
  prev: string;
  hash: string;
}

/** The vectors as docs/ledger.md publishes them: the one JSON block that is an array. */
function publishedVectors(): Vector[] {
  const blocks = [...readFileSync("docs/ledger.md", "utf8").matchAll(/```json\n([\s\S]*?)```/g)];
  const text = blocks.map(([, block = ""]) => block).find((block) => block.startsWith("["));
  return JSON.parse(text ?? "[]") as Vector[];
}

describe("canonical JSON", () => {
  it("sorts members by UTF-16 code units and leaves out spaces", () => {
    assert.equal(
      canonicalJson({ b: 1, a: [true, null], "\u20ac": "x", "\r": 2 }),
      '{"\\r":2,"a":[true,null],"b":1,"€":"x"}',
    );
  });

  it("writes numbers as RFC 8785 says", () => {
    assert.equal(
      canonicalJson([1e21, 0.000001, 1e-7, -0, 9007199254740991]),
      "[1e+21,0.000001,1e-7,0,9007199254740991]",
    );
  });

  for (const [what, value] of [
    ["NaN", NaN],
    ["half of a surrogate pair", "\ud800"],
    ["nothing", undefined],
  ] as const)
    it(`has no form for ${what}`, () => {
      assert.throws(() => canonicalJson(value));
    });
});

describe("the chain", () => {
  it("begins at 64 zeros", () => {
    assert.equal(genesisHash, "0".repeat(64));
  });

  it("covers exactly seq, at, schema, type, actor and payload", () => {
    const event = { seq: 1, atMs: 2, schema: 1, type: "t", actor: "a", payload: {}, extra: "not hashed" };
    assert.equal(canonicalEvent(event), '{"actor":"a","at":2,"payload":{},"schema":1,"seq":1,"type":"t"}');
  });

  it("depends on every member and on the hash before", () => {
    const event = { seq: 1, atMs: 2, schema: 1, type: "t", actor: "a", payload: { n: 1 } };
    const base = eventHash(genesisHash, event, sha256Hex);
    const others = [
      eventHash("1".repeat(64), event, sha256Hex),
      ...[{ seq: 2 }, { atMs: 3 }, { schema: 2 }, { type: "u" }, { actor: "b" }, { payload: { n: 2 } }].map(
        (change) => eventHash(genesisHash, { ...event, ...change }, sha256Hex),
      ),
    ];
    assert.equal(new Set([base, ...others]).size, 8);
  });

  it("gives the published test vectors", () => {
    const vectors = publishedVectors();
    assert.equal(vectors.length, 3);
    let prev = genesisHash;
    for (const { event, canonical, prev: before, hash } of vectors) {
      assert.equal(before, prev);
      const { at: atMs, ...rest } = event;
      assert.equal(canonicalEvent({ ...rest, atMs }), canonical);
      assert.equal(eventHash(prev, { ...rest, atMs }, sha256Hex), hash);
      assert.equal(sha256Hex(chainDomain + prev + canonical), hash);
      prev = hash;
    }
  });
});
