import assert from "node:assert/strict";
import { csvText, hostCsv } from "../../extension/core/panels/hostCsv.ts";
import { hostExport } from "../../extension/core/panels/hostExport.ts";
import { hostPanelModel } from "../../extension/core/panels/hostPanelModel.ts";
import { hostMessageSchema, type HostMessage } from "../../extension/core/panels/hostSchema.ts";
import { HostSeries } from "../../protocol/hostSeries.ts";
import { aGpu, aHost, aReading } from "../support/fleetRecords.ts";
import { identity } from "../support/handPlayedFleet.ts";

const denied = { unsupported: "denied" } as const;
const whole = { fromMs: 0, toMs: 1_000_000 };

/** What the panel of a host shows that was read at those times. */
function shown(atMs: number[], name = "NVIDIA GeForce RTX 3090", hostName = "rtx-box") {
  const series = new HostSeries();
  for (const [index, at] of atMs.entries()) {
    const gpu = aGpu({ name, powerW: index % 2 === 1 ? denied : { value: 210.123456 } });
    series.add(aReading({ atMs: at, gpus: [gpu], cpuPct: { value: 5 } }));
  }
  const record = aHost({ name: hostName, reading: aReading({ gpus: [aGpu({ name })] }) });
  const known = { record, reading: record.reading, heardAtMs: 0 };
  const session = {
    identity: identity("a"),
    contact: { kind: "live" } as const,
    fleet: { hosts: new Map([[record.id, known]]), jobs: new Map(), isKnown: true },
  };
  const { fleetId } = identity("a");
  const facts = { fleetId, isMember: true, hostId: record.id, minutes: 15, events: null } as const;
  return hostPanelModel(session, { ...facts, metrics: series.between(0, 1e9) }, 0);
}

const rowsOf = (text: string | null) => (text ?? "").split("\r\n");
const pngOf = (bytes: number[]) => Buffer.from(bytes).toString("base64");
const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const message = (over: object) =>
  hostMessageSchema.parse({ fromS: 0, toS: 1_000, ...over }) as Extract<
    HostMessage,
    { kind: "save-csv" | "save-png" }
  >;

describe("what a host's charts show, as CSV", () => {
  it("has heads with units, times in UTC, and an empty cell where there is no figure", () => {
    assert.deepEqual(rowsOf(hostCsv(shown([1_000, 2_000]), whole)), [
      "Time (UTC),CPU (%),Memory in use (bytes),GPU 0 · RTX 3090: utilisation (%),GPU 0 · RTX 3090: memory in use (bytes),GPU 0 · RTX 3090: temperature (°C),GPU 0 · RTX 3090: power (W)",
      "1970-01-01T00:00:01.000Z,5,4294967296,37,12670153523.2,62,210.123",
      "1970-01-01T00:00:02.000Z,5,4294967296,37,12670153523.2,62,",
      "",
    ]);
  });

  it("has what is shown alone, and no row for a silence that a chart leaves open", () => {
    const model = shown([1_000, 2_000, 300_000, 400_000]);
    assert.equal(model.metrics.atMs.length, 6, "the silences are in the charts");
    const times = rowsOf(hostCsv(model, { fromMs: 2_000, toMs: 300_000 }))
      .slice(1, -1)
      .map((row) => row.slice(14, 19));
    assert.deepEqual(times, ["00:02", "05:00"]);
  });

  it("quotes names that need it, and lets none be a formula", () => {
    assert.deepEqual(["a,b", 'say "x"', "two\nlines", "=1+1", "@x", "-2", "+3", "plain"].map(csvText), [
      '"a,b"',
      '"say ""x"""',
      '"two\nlines"',
      "'=1+1",
      "'@x",
      "'-2",
      "'+3",
      "plain",
    ]);
    const gpu = aGpu().uuid;
    const model = shown([1_000], '=HYPERLINK("http://x","y")');
    model.host!.gpus.find(({ uuid }) => uuid === gpu)!.title = '=HYPERLINK("http://x","y")';
    assert.match(
      rowsOf(hostCsv(model, whole))[0] ?? "",
      /,"'=HYPERLINK\(""http:\/\/x"",""y""\): utilisation \(%\)",/,
    );
  });
});

describe("what a host's panel saves", () => {
  it("is called by the host and the time shown, on every system", () => {
    const file = hostExport(shown([1_000]), message({ kind: "save-csv" }));
    assert.deepEqual([file?.name, file?.kind], ["rtx-box_19700101T000000Z_19700101T001640Z.csv", "csv"]);
    assert.equal(Buffer.from(file!.bytes).toString("utf8").slice(0, 6), "\uFEFFTime ");
    const odd = hostExport(shown([1_000], "A", "../..\\a b"), message({ kind: "save-csv" }));
    assert.match(odd?.name ?? "", /^_\.\._a_b_1970/);
  });

  it("is a PNG or nothing, whatever the page sends, and bounded", () => {
    const png = (base64: string) => hostExport(shown([1_000]), message({ kind: "save-png", png: base64 }));
    assert.deepEqual([...(png(pngOf([...signature, 1, 2]))?.bytes ?? [])], [...signature, 1, 2]);
    assert.equal(png(pngOf([...signature].reverse())), null);
    assert.equal(png("aGVsbG8="), null);
    const parses = (text: string) =>
      hostMessageSchema.safeParse({ kind: "save-png", fromS: 0, toS: 1, png: text }).success;
    assert.deepEqual(
      ["", "data:image/png;base64,aaaa", "../../x", "a".repeat(24_000_001), "aaaa"].map(parses),
      [false, false, false, false, true],
    );
  });

  it("is nothing while the host is not known", () => {
    assert.equal(hostExport({ ...shown([1_000]), host: null }, message({ kind: "save-csv" })), null);
  });
});
