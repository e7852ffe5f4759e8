/** Folder of the project. */
export const root: string;
/** Path of the VSIX of this version. */
export function vsixPath(): string;
/** Builds the bundles and the VSIX. Returns the VSIX's path. */
export function build(): string;
/** Builds only when a source has changed since the last build. Returns the VSIX's path. */
export function buildIfStale(): string;
