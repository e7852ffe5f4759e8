import type { Memento, SecretStorage } from "vscode";
import * as z from "zod";
import type { ActiveFleet, ProfileStore } from "../core/createMembership.ts";
import { startedJoinSchema, type PendingJoin } from "../core/createJoining.ts";
import { profileSchema } from "../core/profile.ts";
import { words } from "../core/words/words.ts";

/** Key of the memberships in the editor's secret store. */
export const profilesSecret = "hwledger.fleets";
/** Key of a join under way there. */
export const pendingSecret = "hwledger.joining";
const activeKey = "hwledger.activeFleet";

/** Keeps the memberships, which hold private keys, in the editor's secret store and nowhere else. */
export function secretProfiles(secrets: Pick<SecretStorage, "get" | "store" | "delete">): ProfileStore {
  return {
    async read() {
      const text = await secrets.get(profilesSecret);
      if (text === undefined) return [];
      try {
        return z.array(profileSchema).parse(JSON.parse(text));
      } catch (cause) {
        throw new Error(words.fleets.unreadable, { cause });
      }
    },
    async write(profiles) {
      if (profiles.length === 0) await secrets.delete(profilesSecret);
      else await secrets.store(profilesSecret, JSON.stringify(profiles));
    },
  };
}

/** Keeps a join under way, which holds a private key, in the editor's secret store. */
export function secretPendingJoin(secrets: Pick<SecretStorage, "get" | "store" | "delete">): PendingJoin {
  return {
    async read() {
      const text = await secrets.get(pendingSecret);
      if (text === undefined) return null;
      try {
        return startedJoinSchema.parse(JSON.parse(text));
      } catch {
        return null; // as after a write that was cut off: the next join takes its place
      }
    },
    async write(started) {
      if (started === null) await secrets.delete(pendingSecret);
      else await secrets.store(pendingSecret, JSON.stringify(started));
    },
  };
}

/** Each window shows the fleet it showed last; a new one shows the one chosen last in any. */
export function rememberedFleet(window: Memento, editor: Memento): ActiveFleet {
  return {
    get: () => window.get<string>(activeKey) ?? editor.get<string>(activeKey) ?? null,
    set(fleetId) {
      void window.update(activeKey, fleetId ?? undefined);
      void editor.update(activeKey, fleetId ?? undefined);
    },
  };
}
