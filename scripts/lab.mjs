// `npm run lab`: sshd hosts with different GPU hardware, for people to play with.
import { ensureSystemPackages, labPackages } from "./systemPackages.mjs";

await ensureSystemPackages(labPackages);
await import("../test/lab/main.ts");
