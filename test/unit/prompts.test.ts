import assert from "node:assert/strict";
import type { PromptId } from "../../protocol/ids.ts";
import { createPrompts, type Question } from "../../service/prompts/createPrompts.ts";

describe("prompts", () => {
  const question: Question = {
    hostId: null,
    host: "rtx-box",
    kind: "password",
    text: "Password of ada@rtx-box",
    secret: true,
    fingerprint: null,
  };
  const somePrompts = (timeoutMs = 5_000) => {
    let ids = 0;
    return createPrompts({ now: () => 1_000, newId: () => `p-${(ids += 1)}` as PromptId, timeoutMs });
  };

  it("resolve null at once when nobody attends", async () => {
    const prompts = somePrompts();
    assert.equal(await prompts.ask(question), null);
    assert.deepEqual(prompts.list(), []);
  });

  it("are listed while open and resolve with the answer", async () => {
    const prompts = somePrompts();
    prompts.attend();
    const changes: number[] = [];
    prompts.onChange(() => changes.push(prompts.list().length));
    const asked = prompts.ask(question);
    await Promise.resolve();
    assert.deepEqual(prompts.list(), [{ ...question, id: "p-1", askedAtMs: 1_000, expiresAtMs: 6_000 }]);
    assert.equal(prompts.answer("p-1", "s3cret"), true);
    assert.equal(await asked, "s3cret");
    assert.equal(prompts.answer("p-1", "again"), false);
    assert.deepEqual(changes, [1, 0]);
  });

  it("resolve null when dismissed, timed out, aborted or closed", async () => {
    const prompts = somePrompts(20);
    prompts.attend();
    const dismissed = prompts.ask(question);
    await Promise.resolve();
    prompts.answer("p-1", null);
    assert.equal(await dismissed, null);
    assert.equal(await prompts.ask(question), null);
    const controller = new AbortController();
    const aborted = prompts.ask(question, controller.signal);
    await Promise.resolve();
    controller.abort();
    assert.equal(await aborted, null);
    assert.equal(await prompts.ask(question, AbortSignal.abort()), null);
    const closed = prompts.ask(question);
    await Promise.resolve();
    prompts.close();
    assert.equal(await closed, null);
    assert.deepEqual(prompts.list(), []);
  });

  it("wait a grace for somebody to attend when the question says so", async () => {
    const prompts = somePrompts();
    assert.equal(await prompts.ask({ ...question, graceMs: 10 }), null);
    const asked = prompts.ask({ ...question, graceMs: 5_000 });
    const leave = prompts.attend();
    await new Promise<void>((resolve) => prompts.onChange(resolve));
    prompts.answer("p-1", "yes");
    assert.equal(await asked, "yes");
    leave();
    leave();
    assert.equal(prompts.attended(), false);
  });
});
