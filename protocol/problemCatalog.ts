/** One kind of problem: the HTTP status it travels with (null: it arises at the client), and sentences with `{fact}` slots. */
export interface ProblemKind {
  status: number | null;
  title: string;
  detail: string;
  /** What the reader can do about it. */
  next: string;
}

/** Every problem there is. Codes are a contract; docs/errors.md lists the same ones (tested both ways). */
export const problemCatalog = {
  // the request
  "bad-request": {
    status: 400,
    title: "The request is not valid",
    detail: "{reason}",
    next: "Correct it and send it again; /v1/openapi.json has the schema.",
  },
  "broken-json": {
    status: 400,
    title: "The body is not JSON",
    detail: "{reason}",
    next: "Send valid JSON with content-type application/json.",
  },
  "body-too-large": {
    status: 413,
    title: "The body is too large",
    detail: "At most {limitBytes} bytes are accepted here.",
    next: "Send a smaller body.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "The content type is not accepted",
    detail: "{reason}",
    next: "Use application/json, or application/x-tar for a workspace.",
  },
  "request-timeout": {
    status: 408,
    title: "The request took too long",
    detail: "The body did not arrive within {limitMs} ms.",
    next: "Send it again on a better connection.",
  },
  "route-not-found": {
    status: 404,
    title: "There is no such route",
    detail: "{method} {path} is not served.",
    next: "/v1/openapi.json lists the routes.",
  },
  "method-not-allowed": {
    status: 405,
    title: "The method is not allowed",
    detail: "{path} does not take {method}; it takes {allowed}.",
    next: "Use one of those methods.",
  },
  "rate-limited": {
    status: 429,
    title: "Too many requests",
    detail: "The limit is {max} requests in {window}.",
    next: "Wait and try again.",
  },
  "idempotency-mismatch": {
    status: 422,
    title: "The idempotency key was used for another request",
    detail: "The key {key} belongs to a different request.",
    next: "Use a new key for a new request.",
  },
  "protocol-mismatch": {
    status: 409,
    title: "The versions do not fit",
    detail: "The service speaks protocol {service}, the peer speaks {peer}.",
    next: "Update the older of the two.",
  },
  internal: {
    status: 500,
    title: "The service failed",
    detail: "The request could not be carried out; the service's log has the cause under {reference}.",
    next: "Try again; if it persists, report it with that reference.",
  },
  "storage-full": {
    status: 507,
    title: "The service's disk is full",
    detail: "The service could not write to its data folder.",
    next: "Free space on the service's machine and try again.",
  },
  "service-stopping": {
    status: 503,
    title: "The service is stopping",
    detail: "It takes no new work.",
    next: "Start it again with `hwledger up`.",
  },
  // identity
  "no-certificate": {
    status: 401,
    title: "A client certificate is needed",
    detail: "The connection showed no certificate.",
    next: "Join the fleet with a join link: `hwledger join LINK`.",
  },
  "certificate-refused": {
    status: 401,
    title: "The certificate is not accepted",
    detail: "{reason}",
    next: "Join the fleet again with a fresh join link.",
  },
  "role-insufficient": {
    status: 403,
    title: "Your role may not do this",
    detail: "This needs {needed}; {member} is {role}.",
    next: "Ask an admin of the fleet for a link with the role needed.",
  },
  "token-refused": {
    status: 403,
    title: "The join token is not accepted",
    detail: "{reason}",
    next: "Ask for a fresh link: `hwledger token create --role ROLE`.",
  },
  "csr-invalid": {
    status: 422,
    title: "The certificate request is not valid",
    detail: "{reason}",
    next: "Send a PEM certificate request signed by its own key.",
  },
  "csr-key-unsupported": {
    status: 422,
    title: "The key type is not supported",
    detail: "The certificate request must use an RSA key of 2048 bits or more.",
    next: "Make an RSA key and try again.",
  },
  // hosts
  "host-not-found": {
    status: 404,
    title: "There is no such host",
    detail: "The fleet has no host {host}. It has: {known}.",
    next: "`hwledger host ls` lists the hosts, `hwledger host add` adds one.",
  },
  "host-name-taken": {
    status: 409,
    title: "The host name is taken",
    detail: "The fleet already has a host named {host}.",
    next: "Choose another name, or remove the old one with `hwledger host rm {host}`.",
  },
  "host-is-local": {
    status: 409,
    title: "This machine cannot be removed",
    detail: "{host} is the machine the service runs on.",
    next: "Nothing needs to be done.",
  },
  "host-busy": {
    status: 409,
    title: "Jobs still run on the host",
    detail: "{host} has {jobs} active job(s).",
    next: "Cancel them or wait for their end, then remove the host.",
  },
  "host-unreachable": {
    status: 502,
    title: "The host cannot be reached",
    detail: "{host} ({address}) cannot be reached: {reason}.",
    next: "Check that it is switched on, on the network and runs sshd on that port, then try again.",
  },
  "host-key-unknown": {
    status: 409,
    title: "The host's key is not known yet",
    detail: "{host} ({address}) shows the {keyType} key {fingerprint}, which nobody has vouched for.",
    next: "Compare it with `ssh-keygen -lf /etc/ssh/ssh_host_{keyName}_key.pub` on the host; if it is the same, add the host with --host-key {fingerprint}.",
  },
  "host-key-changed": {
    status: 409,
    title: "The host's key has CHANGED",
    detail:
      "{host} ({address}) shows the key {fingerprint}, but {expected} is the one on record ({source}). Somebody may be in between, or the machine was set up anew. Nothing was sent.",
    next: "Ask the machine's owner. If the new key is right, `hwledger host rm {host}` and add it again with --host-key {fingerprint}.",
  },
  "host-key-revoked": {
    status: 409,
    title: "The host's key is revoked",
    detail:
      "{host} ({address}) shows the key {fingerprint}, which {source} marks as revoked. Nothing was sent.",
    next: "Ask the machine's owner.",
  },
  "host-login-refused": {
    status: 502,
    title: "The host refused the login",
    detail: "{host} ({address}) refused to log in {user}; tried: {tried}.",
    next: "Check the user name and that this machine's key is in the host's authorized_keys, or name another key with --identity.",
  },
  "needs-login": {
    status: 409,
    title: "The host needs somebody to log in",
    detail: "{host} asks for {what}, and nobody is there to answer.",
    next: "Run `hwledger host login {host}` in a terminal, or connect from the editor.",
  },
  "identity-unusable": {
    status: 409,
    title: "The key file cannot be used",
    detail: "The key file {file} for {host} cannot be used: {reason}.",
    next: "Name another key with --identity.",
  },
  "ssh-config-invalid": {
    status: 409,
    title: "The SSH configuration cannot be read",
    detail: "`ssh -G {alias}` failed: {reason}.",
    next: "Correct ~/.ssh/config on the service's machine.",
  },
  "ssh-unsupported": {
    status: 409,
    title: "This SSH setting is not supported",
    detail: "{host} needs {what}.",
    next: "What helps: {advice}",
  },
  "host-shell-failed": {
    status: 502,
    title: "The host's shell does not work",
    detail: "{host} ran no POSIX shell: {reason}.",
    next: "Check that /bin/sh exists there and the login is allowed to run commands.",
  },
  "host-connection-lost": {
    status: 502,
    title: "The connection to the host broke",
    detail: "The connection to {host} broke: {reason}.",
    next: "It is tried again by itself; `hwledger host show {host}` tells how it stands.",
  },
  "host-disk-full": {
    status: 507,
    title: "The host's disk is full",
    detail: "{host} has no space left in {directory}: {reason}.",
    next: "Free space there and dispatch again.",
  },
  "host-local-unsupported": {
    status: 409,
    title: "This machine cannot be a host",
    detail: "Jobs need a POSIX shell, which {platform} does not have.",
    next: "Add a Linux or macOS machine, or WSL, with `hwledger host add`.",
  },
  // dispatch
  "no-host-fits": {
    status: 409,
    title: "No single host fits",
    detail: "{reason} {choices}",
    next: "Name one with --host.",
  },
  "job-not-found": {
    status: 404,
    title: "There is no such job",
    detail: "The fleet has no job {job}.",
    next: "`hwledger job ls` lists the jobs.",
  },
  "job-ended": {
    status: 409,
    title: "The job has already ended",
    detail: "{job} is {state}.",
    next: "Nothing needs to be done.",
  },
  "no-interpreter": {
    status: 422,
    title: "Nothing to run this file with",
    detail: "{script} has neither a known file ending nor a first line that starts with #!.",
    next: "Give it a #! line, or name the program with --python PATH if it is Python.",
  },
  "interpreter-missing": {
    status: 409,
    title: "The interpreter is not on the host",
    detail: "{host} has none of {candidates}, which {script} needs.",
    next: "Install it there, or name it with --python PATH or --venv DIR (for Python).",
  },
  "script-missing": {
    status: 422,
    title: "The script is not in the workspace",
    detail: "{script} is not among the files that were sent.",
    next: "Is it ignored by git? Dispatch it with --script-only, or stop ignoring it.",
  },
  "workspace-too-large": {
    status: 413,
    title: "The workspace is too large",
    detail: "{bytes} bytes would be sent; the limit is {limitBytes}.",
    next: "Ignore large files (.gitignore), name a smaller folder with --workspace, or send the script alone with --script-only.",
  },
  "workspace-unreadable": {
    status: null,
    title: "The workspace cannot be read",
    detail: "{file}: {reason}.",
    next: "Correct that and dispatch again.",
  },
  "upload-incomplete": {
    status: 400,
    title: "The workspace did not arrive whole",
    detail: "{bytes} bytes arrived before the upload broke off.",
    next: "Dispatch again.",
  },
  "upload-unexpected": {
    status: 409,
    title: "The job does not wait for a workspace",
    detail: "{job} is {state}.",
    next: "Dispatch again.",
  },
  "unpack-failed": {
    status: 502,
    title: "The host could not unpack the workspace",
    detail: "{host} said: {reason}.",
    next: "Check that `tar` works there and the home folder can be written.",
  },
  "start-failed": {
    status: 502,
    title: "The host could not start the job",
    detail: "{host} said: {reason}.",
    next: "Check `hwledger host show {host}` and dispatch again.",
  },
  interrupted: {
    status: 503,
    title: "The service stopped before the job started",
    detail: "The service stopped while {job} was being sent to {host}; it never ran.",
    next: "Dispatch again.",
  },
  "dispatch-timeout": {
    status: 504,
    title: "The job did not start in time",
    detail: "{host} did not start it within {limitMs} ms.",
    next: "Check the host and dispatch again.",
  },
  "log-not-available": {
    status: 404,
    title: "The log is not there",
    detail: "The service holds no log of {job}.",
    next: "`hwledger job show {job}` tells how it stands.",
  },
  "offset-beyond-log": {
    status: 416,
    title: "The log is not that long",
    detail: "Offset {offset} lies beyond the {bytes} bytes of the ended log.",
    next: "Ask for a smaller offset.",
  },
  "prompt-not-found": {
    status: 404,
    title: "The question is gone",
    detail: "There is no open question {prompt}; it was answered or timed out.",
    next: "Try the action again.",
  },
  // the client's side
  "address-in-use": {
    status: null,
    title: "The address is taken",
    detail: "Another program listens on {address}.",
    next: "Choose another with --listen, such as --listen 127.0.0.1:0 for any free port.",
  },
  "ca-damaged": {
    status: null,
    title: "The fleet's CA cannot be read",
    detail: "{file} is damaged.",
    next: "Put back a copy of that file. Without it nobody can join and members cannot trust the service.",
  },
  "not-joined": {
    status: null,
    title: "No fleet here yet",
    detail: "{home} holds no membership of a fleet.",
    next: "Start one with `hwledger up`, or join one with `hwledger join LINK`.",
  },
  "already-joined": {
    status: null,
    title: "This folder belongs to another fleet",
    detail: "{home} is a member of {fleet}.",
    next: "Set HWLEDGER_HOME to another folder to join a second fleet.",
  },
  "link-invalid": {
    status: null,
    title: "The join link is not valid",
    detail: "{reason}",
    next: "Copy the whole link, or ask for a fresh one.",
  },
  "service-unreachable": {
    status: null,
    title: "The service cannot be reached",
    detail: "{url} does not answer: {reason}.",
    next: "Start it with `hwledger up`, or check the address.",
  },
  "service-untrusted": {
    status: null,
    title: "This is not the fleet you joined",
    detail: "{url} does not prove to be the fleet's service: {reason}. Nothing was sent.",
    next: "Check the address; if the fleet was set up anew, join it again.",
  },
  "answer-invalid": {
    status: null,
    title: "The service answered something else",
    detail: "{reason}",
    next: "Check that service and client have the same version.",
  },
  "file-not-found": {
    status: null,
    title: "The file is not there",
    detail: "{file}: {reason}.",
    next: "Check the path.",
  },
  usage: {
    status: null,
    title: "The command is not valid",
    detail: "{reason}",
    next: "`hwledger help` shows how it goes.",
  },
  "node-too-old": {
    status: null,
    title: "Node.js is too old",
    detail: "hwledger needs Node.js 22 or newer; this is {version}.",
    next: "Run it through `npx` in the project, or install a newer Node.js.",
  },
} as const satisfies Record<string, ProblemKind>;

/** Stable, kebab-case name of a kind of problem. Decide on this, never on text. */
export type ProblemCode = keyof typeof problemCatalog;
