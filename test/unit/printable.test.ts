import assert from "node:assert/strict";
import { printable } from "../../extension/core/printable.ts";

describe("a name as one line of text", () => {
  it("moves no cursor, breaks no line and turns no text around", () => {
    const cases: [string, string][] = [
      ["gpu\u202egnp.exe", "gpu?gnp.exe"],
      ["\u2066left\u2069 and \u200fright", "?left? and ?right"],
      ["two\r\nlines\u2028three\u2029four", "two?lines?three?four"],
      ["\u001b[2Jcleared\u0007\u009b1m", "?[2Jcleared?1m"],
      ["مضيف-1 Zoë 🙂 日本", "مضيف-1 Zoë 🙂 日本"],
    ];
    for (const [text, shown] of cases) assert.equal(printable(text), shown);
  });
});
