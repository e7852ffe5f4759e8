import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { MetricsFile } from "../../service/metrics/metricsFile.ts";
import { unpacked } from "../../service/metrics/packedPoints.ts";
import { openMetricsFile } from "../../service/store/openMetricsFile.ts";

const piece = { hostId: "h-0000000000000001", stepMs: 60_000, beginMs: 0, body: Buffer.from("x") };

describe("the file of what hosts did", () => {
  let folder: string;
  let file: MetricsFile;
  const troubles: string[] = [];
  const path = () => join(folder, "metrics.sqlite");
  const open = (where = path()) => openMetricsFile(where, (what) => troubles.push(what));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hwledger-metrics-"));
    troubles.length = 0;
    file = open();
  });
  afterEach(() => {
    file.close();
    rmSync(folder, { recursive: true });
  });

  it("gives back the room of what goes", () => {
    const db = new Database(path(), { readonly: true });
    assert.equal(db.pragma("auto_vacuum", { simple: true }), 2);
    db.close();
  });

  it("begins anew where it is damaged, and is put aside", () => {
    file.close();
    writeFileSync(path(), "no database at all, but long enough to look at".repeat(100));
    file = open();
    assert.match(troubles[0] ?? "", /put aside as .*metrics\.sqlite\.damaged/);
    assert.match(readFileSync(`${path()}.damaged`, "utf8"), /^no database/);
    file.put([piece]);
    assert.deepEqual(file.hosts(), [piece.hostId]);
  });

  it("begins anew where a page further in is damaged", () => {
    file.put(Array.from({ length: 400 }, (_, at) => ({ ...piece, beginMs: at, body: Buffer.alloc(1_000) })));
    file.close();
    const bytes = readFileSync(path());
    bytes.fill(0xff, 4_096);
    writeFileSync(path(), bytes);
    file = open();
    assert.match(troubles[0] ?? "", /put aside/);
    assert.deepEqual(file.hosts(), []);
  });

  it("is put aside where it is of a newer version", () => {
    file.put([piece]);
    file.close();
    const db = new Database(path());
    db.pragma("user_version = 2");
    db.close();
    file = open();
    assert.match(troubles[0] ?? "", /put aside/);
    assert.deepEqual(file.hosts(), []);
  });

  it("is in memory where there can be none", () => {
    file.close();
    file = open(join(folder, "none", "metrics.sqlite"));
    assert.match(troubles[0] ?? "", /in memory only/);
    file.put([piece]);
    assert.deepEqual(file.hosts(), [piece.hostId]);
  });

  it("has no points in a piece that makes no sense", () => {
    assert.deepEqual(unpacked(piece.body), []);
  });
});
