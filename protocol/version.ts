/** Version of the wire protocol. Peers of another major version are refused by name of both versions. */
export const protocolVersion = 1;

/** Version of this program, the same for extension, service and command line; tested against package.json. */
export const programVersion = "0.1.0";
