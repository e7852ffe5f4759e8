import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { commandIds, type CommandId } from "../../extension/core/commandIds.ts";
import { assertRole, rolesFor } from "../../extension/core/commandRoles.ts";
import { problemText } from "../../extension/core/problemText.ts";
import { contextKeys } from "../../extension/core/viewIds.ts";
import { userRoles } from "../../protocol/ids.ts";
import { problemOfError } from "../../protocol/problem.ts";
import { identity } from "../support/handPlayedFleet.ts";

interface Offer {
  command: string;
  when?: string;
}
interface Manifest {
  contributes: {
    menus: Record<string, Offer[]>;
    viewsWelcome: { contents: string; when: string }[];
  };
}

const { contributes } = JSON.parse(
  await readFile(new URL("../../package.json", import.meta.url), "utf8"),
) as Manifest;

/** How a `when` clause keeps out the roles that may not run the command; null: it need not. */
function guardOf(command: CommandId): string | null {
  const needed = rolesFor(command);
  const keptOut = userRoles.filter((role) => needed && !needed.includes(role));
  return needed && keptOut.map((role) => `${contextKeys.role} != ${role}`).join(" && ");
}

const live = { kind: "live" } as const;
const as = (
  role: (typeof userRoles)[number],
  contact: Parameters<typeof assertRole>[0]["contact"] = live,
) => ({
  identity: identity("a", role),
  contact,
});

describe("what a role may run", () => {
  it("is what the route table admits", () => {
    const runs = (role: (typeof userRoles)[number]) =>
      Object.entries(commandIds)
        .filter(([, id]) => rolesFor(id)?.includes(role))
        .map(([name]) => name)
        .sort();
    const ofOperators = [
      "answerHosts",
      "cancelJob",
      "dispatch",
      "dispatchAgain",
      "logIn",
      "runAgain",
      "testConnection",
    ];
    assert.deepEqual(runs("viewer"), []);
    assert.deepEqual(runs("operator"), ofOperators);
    assert.deepEqual(
      runs("admin"),
      [...ofOperators, "addHost", "installAgent", "invite", "removeHost", "setRate"].sort(),
    );
  });

  it("is all that menus, the palette and the views' texts offer", () => {
    for (const id of Object.values(commandIds)) {
      const guard = guardOf(id);
      if (guard === null) continue;
      const places = Object.entries(contributes.menus).flatMap(([menu, offers]) =>
        offers.filter(({ command }) => command === id).map(({ when = "" }) => ({ menu, when })),
      );
      assert.ok(
        places.some(({ menu }) => menu === "commandPalette"),
        `${id} in the palette`,
      );
      for (const { contents, when } of contributes.viewsWelcome)
        if (contents.includes(`(command:${id})`)) places.push({ menu: "viewsWelcome", when });
      for (const { menu, when } of places)
        assert.ok(when === guard || when.endsWith(` && ${guard}`), `${id} in ${menu}: ${when}`);
    }
  });

  it("is told before anything is asked, with the role that is needed and who can give it", () => {
    const refused = (run: () => void) => {
      try {
        run();
      } catch (error) {
        return problemText(problemOfError(error));
      }
      return null;
    };
    assert.equal(
      refused(() => assertRole(as("viewer"), commandIds.dispatch)),
      "Your role may not do this. This needs operator or admin; ada is viewer. Ask an admin of the fleet to give you that role.",
    );
    assert.match(
      refused(() => assertRole(as("operator"), commandIds.addHost)) ?? "",
      /needs admin; ada is operator/,
    );
    for (const id of [commandIds.dispatch, commandIds.logIn, commandIds.showLog])
      assert.equal(
        refused(() => assertRole(as("operator"), id)),
        null,
      );
    assert.equal(
      refused(() => assertRole(as("viewer"), commandIds.showLog)),
      null,
    );
  });

  it("is the service's to say until it has greeted us: the role may have been changed meanwhile", () => {
    assertRole(as("viewer", { kind: "connecting", sinceMs: undefined }), commandIds.dispatch);
  });
});
