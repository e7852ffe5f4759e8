import type { Role } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import { admits } from "../../protocol/route.ts";
import { routes, type RouteName } from "../../protocol/routes.ts";
import { commandIds, type CommandId } from "./commandIds.ts";
import type { FleetSession } from "./openFleetSession.ts";

/** What each command asks of the service in the end, where not every member may. Tested against package.json. */
const lastRequests: Partial<Record<CommandId, RouteName>> = {
  [commandIds.dispatch]: "createJob",
  [commandIds.dispatchAgain]: "createJob",
  [commandIds.runAgain]: "createJob",
  [commandIds.cancelJob]: "cancelJob",
  [commandIds.testConnection]: "loginHost",
  [commandIds.logIn]: "loginHost",
  [commandIds.installAgent]: "installAgent",
  [commandIds.answerHosts]: "answerPrompt",
  [commandIds.addHost]: "addHost",
  [commandIds.removeHost]: "removeHost",
  [commandIds.setRate]: "changeHost",
  [commandIds.invite]: "createToken",
};

/** The roles that a command is for; null: every member, or no member at all. */
export function rolesFor(command: CommandId): readonly Role[] | null {
  const request = lastRequests[command];
  const access = request && routes[request].access;
  return typeof access === "object" ? access : null;
}

/**
 * Throws `role-insufficient`, in the service's words, when the member's role is not enough for the command. Before the
 * service has greeted us the role may be an earlier one: then the service decides.
 */
export function assertRole(
  { identity: { member, role }, contact }: Pick<FleetSession, "identity" | "contact">,
  command: CommandId,
): void {
  const needed = rolesFor(command);
  if (contact.kind !== "live" || needed === null || mayRun(command, role)) return;
  throw new Refusal("role-insufficient", { needed: needed.join(" or "), member, role });
}

/** Whether a member of that role may run the command. */
export function mayRun(command: CommandId, role: Role): boolean {
  const needed = rolesFor(command);
  return needed === null || admits(needed, role);
}
