/** What each Debian package is wanted for: a program on the PATH, or a file. */
export const packageEvidence: Readonly<Record<string, string>>;
/** What the lab's hosts need. */
export const labPackages: readonly string[];
/** What `npm test` needs. */
export const testPackages: readonly string[];
/** What `npm run bench` needs. */
export const benchPackages: readonly string[];
/** Installs the missing ones of these Debian packages, or throws an error that holds the command to do so. */
export function ensureSystemPackages(names: readonly string[]): Promise<void>;
