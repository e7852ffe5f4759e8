import * as vscode from "vscode";
import { commandIds } from "../core/commandIds.ts";
import type { Membership } from "../core/createMembership.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { words } from "../core/words/words.ts";
import { inform } from "./notices.ts";

/** Says that there is no fleet yet and offers the two ways to one. Answers with the session that came of it. */
export async function offerFleet(membership: Membership): Promise<FleetSession | null> {
  const { noneYet, start, join } = words.fleets;
  const answer = await inform(noneYet, start, join);
  if (answer === undefined) return null;
  if (answer === start) await vscode.commands.executeCommand(commandIds.startService);
  if (answer === join) await vscode.commands.executeCommand(commandIds.join);
  return membership.session ?? null;
}
