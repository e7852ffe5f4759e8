import type { SecretStorage } from "vscode";
import { identitySchema } from "../../protocol/client/identity.ts";
import type { IdentityStore } from "../core/createMembership.ts";

/** Key of the identity in the editor's secret store. */
export const identitySecret = "hwledger.identity";

/** Keeps the identity, which holds a private key, in the editor's secret store and nowhere else. */
export function secretIdentity(secrets: Pick<SecretStorage, "get" | "store" | "delete">): IdentityStore {
  return {
    async read() {
      const text = await secrets.get(identitySecret);
      if (text === undefined) return null;
      try {
        return identitySchema.parse(JSON.parse(text));
      } catch (cause) {
        throw new Error("The kept fleet identity cannot be read; join the fleet again.", { cause });
      }
    },
    async write(identity) {
      await secrets.store(identitySecret, JSON.stringify(identity));
    },
    async remove() {
      await secrets.delete(identitySecret);
    },
  };
}
