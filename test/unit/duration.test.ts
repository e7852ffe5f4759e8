import assert from "node:assert/strict";
import { formatDuration, parseDuration } from "../../protocol/duration.ts";

describe("a duration", () => {
  for (const [text, ms] of [
    ["90", 90_000],
    ["1.5", 1_500],
    ["250ms", 250],
    ["90s", 90_000],
    ["15m", 900_000],
    ["2h", 7_200_000],
    ["1h30m", 5_400_000],
    ["1d2h3m4s5ms", 93_784_005],
    ["0.5h", 1_800_000],
    [" 2h ", 7_200_000],
    ["0", 0],
  ] as const)
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.equal(parseDuration(text), ms);
    });

  for (const text of [
    "",
    "h",
    "1x",
    "-1s",
    "1 h",
    "1h x",
    "1e3",
    "NaN",
    "Infinity",
    "1,5h",
    ".5h",
    "9".repeat(400),
    `${"9".repeat(30)}d`,
  ])
    it(`is not ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.equal(parseDuration(text), null);
    });

  for (const [ms, text] of [
    [0, "0 ms"],
    [-5, "0 ms"],
    [850, "850 ms"],
    [999.6, "1 s"],
    [12_000, "12 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [185_000, "3 min 5 s"],
    [7_800_000, "2 h 10 min"],
    [7_200_000, "2 h"],
    [356_400_000, "4 d 3 h"],
  ] as const)
    it(`of ${ms} ms is written ${text}`, () => {
      assert.equal(formatDuration(ms), text);
    });
});
