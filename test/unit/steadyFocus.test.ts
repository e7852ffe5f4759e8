import assert from "node:assert/strict";
import { createSteadyFocus } from "../../extension/core/createSteadyFocus.ts";

describe("the focus of a list that is drawn anew", () => {
  function aList() {
    const clock = { ms: 0 };
    return { clock, focus: createSteadyFocus<string>(() => clock.ms) };
  }

  it("goes back to where a person went in the moment of the drawing", () => {
    const { clock, focus } = aList();
    focus.drawn("first");
    clock.ms = 20;
    assert.equal(focus.moved("second"), null);
    clock.ms = 30;
    assert.equal(focus.moved("first"), "second");
    assert.equal(focus.moved("second"), null, "told of where it was brought");
    assert.equal(focus.moved("first"), null, "the person's own step up");
  });

  it("stays where a person leads it", () => {
    const { clock, focus } = aList();
    focus.drawn("first");
    assert.equal(focus.moved("first"), null, "the drawing's own");
    clock.ms = 5_000;
    assert.equal(focus.moved("second"), null);
    clock.ms = 5_100;
    assert.equal(focus.moved("first"), null, "long after the drawing");
  });

  it("is at rest a second after the last step, and from the drawing on", () => {
    const { clock, focus } = aList();
    focus.drawn("first");
    focus.moved("first");
    assert.equal(focus.isAtRest(), true);
    clock.ms = 2_000;
    focus.moved("second");
    clock.ms = 2_999;
    assert.equal(focus.isAtRest(), false);
    clock.ms = 3_000;
    assert.equal(focus.isAtRest(), true);
  });
});
