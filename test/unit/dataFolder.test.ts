import assert from "node:assert/strict";
import { dataFolder } from "../../extension/core/dataFolder.ts";

describe("the data folder that a setting names", () => {
  for (const [setting, folder] of [
    ["", null],
    ["  ", null],
    ["/srv/fleet", "/srv/fleet"],
    ["~", "/home/ada"],
    ["~/fleet", "/home/ada/fleet"],
    ["fleets/mine", "/home/ada/fleets/mine"],
    ["~bob/fleet", "/home/ada/~bob/fleet"],
  ] as const)
    it(`is ${folder ?? "none"} for ${JSON.stringify(setting)}`, () =>
      assert.equal(dataFolder(setting, "/home/ada"), folder));
});
