/** The stable codes of this package's own errors. */
export type ConsoleErrorCode =
  | 'CHANGEOVER_CONSOLE_UNAUTHENTICATED'
  | 'CHANGEOVER_CONSOLE_CREDENTIALS'
  | 'CHANGEOVER_CONSOLE_ROLE'
  | 'CHANGEOVER_CONSOLE_FOUR_EYES'
  | 'CHANGEOVER_CONSOLE_CSRF'
  | 'CHANGEOVER_CONSOLE_ORIGIN'
  | 'CHANGEOVER_CONSOLE_HOST'
  | 'CHANGEOVER_CONSOLE_RATE'
  | 'CHANGEOVER_CONSOLE_ACTOR_INVALID'
  | 'CHANGEOVER_CONSOLE_ACCESS_UNREADABLE'
  | 'CHANGEOVER_CONSOLE_TOKENS_EXPOSED'
  | 'CHANGEOVER_CONSOLE_TOKENS_INVALID'
  | 'CHANGEOVER_CONSOLE_TOKEN_TAKEN'
  | 'CHANGEOVER_CONSOLE_TOKEN_UNKNOWN'
  | 'CHANGEOVER_CONSOLE_AUDIT_INVALID'
  | 'CHANGEOVER_CONSOLE_AUDIT_OWNED'
  | 'CHANGEOVER_CONSOLE_AUDIT_FAILED'
  | 'CHANGEOVER_CONSOLE_NOT_FOUND'
  | 'CHANGEOVER_CONSOLE_METHOD'
  | 'CHANGEOVER_CONSOLE_BODY_TOO_LARGE'
  | 'CHANGEOVER_CONSOLE_BODY_TIMEOUT'
  | 'CHANGEOVER_CONSOLE_BODY_INVALID'
  | 'CHANGEOVER_CONSOLE_MEDIA_TYPE'
  | 'CHANGEOVER_CONSOLE_STALE'
  | 'CHANGEOVER_CONSOLE_REPLAYED'
  | 'CHANGEOVER_CONSOLE_WATCHERS'
  | 'CHANGEOVER_CONSOLE_CLOSING'
  | 'CHANGEOVER_CONSOLE_STANDBY'
  | 'CHANGEOVER_CONSOLE_UNAVAILABLE'
  | 'CHANGEOVER_CONSOLE_FAILED'

interface ErrorTemplate {
  /** Of the HTTP answer. */
  readonly status: number
  readonly what: string
  readonly why: string
  readonly next: string
}

/** One template per code: what was refused, why, and what to do next. `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<Record<ConsoleErrorCode, ErrorTemplate>> = {
  CHANGEOVER_CONSOLE_UNAUTHENTICATED: {
    status: 401,
    what: 'The request was refused: it does not say who asks.',
    why: 'Deploys are seen and steered by named people and programs only.',
    next: 'Sign in on the page, or send "authorization: Bearer" with a token; "changeover token create" makes one.',
  },
  CHANGEOVER_CONSOLE_CREDENTIALS: {
    status: 401,
    what: 'The token or the session was refused.',
    why: 'It is unknown, expired or revoked; which of them is not told.',
    next: 'Sign in again, or ask an operator for a new token.',
  },
  CHANGEOVER_CONSOLE_ROLE: {
    status: 403,
    what: '"{action}" was refused for "{actor}", whose role is {role}.',
    why: 'It needs the role {needed}{when}.',
    next: 'Ask somebody who has it, or an operator for another token.',
  },
  CHANGEOVER_CONSOLE_FOUR_EYES: {
    status: 403,
    what: '"{action}" was refused for "{actor}", who asked for this rollout.',
    why: 'Four eyes were agreed on for this service: whoever asks for a rollout does not let it through.',
    next: 'Ask somebody else to look at it and to do it.',
  },
  CHANGEOVER_CONSOLE_CSRF: {
    status: 403,
    what: 'The request was refused: it does not carry the token of its session.',
    why: "Another web page may have made the browser send it, without the person's knowledge.",
    next: 'Send the header "x-changeover-csrf" as GET /api/v1/me tells it; on the page, load it anew.',
  },
  CHANGEOVER_CONSOLE_ORIGIN: {
    status: 403,
    what: 'The request was refused: it comes from {origin}, which is no page of this console.',
    why: 'A web page elsewhere must not steer deploys through the browser of somebody who may.',
    next: "Open the console itself; behind a reverse proxy, name the console's address in the option origins.",
  },
  CHANGEOVER_CONSOLE_HOST: {
    status: 421,
    what: 'The request was refused: it asks for the host {host}, which is none of this console.',
    why: 'A foreign name that leads here is how a web page gets around the browser and reads what it must not.',
    next: 'Use the address that the console was set up with, or name this one in the option origins.',
  },
  CHANGEOVER_CONSOLE_RATE: {
    status: 429,
    what: 'The sign-in was refused without a look at the token: there were too many.',
    why: 'Tokens must not be found by trying.',
    next: 'Try again in {seconds} s.',
  },
  CHANGEOVER_CONSOLE_ACTOR_INVALID: {
    status: 400,
    what: 'The header "x-changeover-actor" was refused: {problem}.',
    why: 'It is the name that the journal keeps for this command.',
    next: 'Send 1 to 64 letters, digits, ".", "_", "@", "+" or "-", beginning with a letter, digit or "_", or leave it out.',
  },
  CHANGEOVER_CONSOLE_ACCESS_UNREADABLE: {
    status: 503,
    what: 'The request was refused: who may come in cannot be read.',
    why: 'Where that is not known, nobody is let in.',
    next: "Look at the console's log, which has the cause. The agent's own socket needs no token.",
  },
  CHANGEOVER_CONSOLE_TOKENS_EXPOSED: {
    status: 500,
    what: 'The tokens in "{path}" were refused: {problem}.',
    why: 'Whoever can write there can let anybody in, and whoever can read there knows who may do what.',
    next: 'Make it a file of your own user with the mode 0600, then try again. Nobody is let in by a token until then.',
  },
  CHANGEOVER_CONSOLE_TOKENS_INVALID: {
    status: 500,
    what: 'The tokens in "{path}" were refused: {place}: {problem}.',
    why: 'Guessing who may come in would let in the wrong one.',
    next: 'Mend the file or put back a copy, or remove it and make new tokens. Nobody is let in by a token until then.',
  },
  CHANGEOVER_CONSOLE_TOKEN_TAKEN: {
    status: 409,
    what: 'The token "{name}" was not added: there is one of this name.',
    why: 'The journal tells people apart by these names.',
    next: 'Choose another name, or revoke that one first.',
  },
  CHANGEOVER_CONSOLE_TOKEN_UNKNOWN: {
    status: 404,
    what: 'The token "{name}" was not revoked: there is none of this name.',
    why: 'A revocation that reaches nothing must not look like one that did.',
    next: 'List the tokens and give one of their names.',
  },
  CHANGEOVER_CONSOLE_AUDIT_INVALID: {
    status: 500,
    what: 'The audit log "{path}" was refused at line {line}: {problem}.',
    why: 'Writing on behind a line that was changed would vouch for it.',
    next: 'Keep the files as evidence, move them away, and start again: a new log begins.',
  },
  CHANGEOVER_CONSOLE_AUDIT_OWNED: {
    status: 500,
    what: 'The audit log "{path}" was refused: process {pid} writes it and is alive.',
    why: 'Two writers would break the chain of hashes.',
    next: 'Give this console a file of its own, or end the other process first.',
  },
  CHANGEOVER_CONSOLE_AUDIT_FAILED: {
    status: 503,
    what: 'The audit log "{path}" could not be written or read: {problem}.',
    why: 'A command that leaves no trace would not be known to anybody later.',
    next: 'See that the disk has room and that the file is writable, then try again.',
  },
  CHANGEOVER_CONSOLE_NOT_FOUND: {
    status: 404,
    what: 'There is no {what} here.',
    why: 'A request that reaches nothing must not look like one that did something.',
    next: 'Compare with docs/api.md, and with the names that GET /api/v1/services tells.',
  },
  CHANGEOVER_CONSOLE_METHOD: {
    status: 405,
    what: '{method} was refused for {path}.',
    why: 'Nothing is done that was not asked for in the one agreed way.',
    next: 'Use {allow}.',
  },
  CHANGEOVER_CONSOLE_BODY_TOO_LARGE: {
    status: 413,
    what: 'The body was refused: it is larger than {limit} bytes.',
    why: 'One request must not take the memory of all others.',
    next: 'Send less; no request of this API needs more.',
  },
  CHANGEOVER_CONSOLE_BODY_TIMEOUT: {
    status: 408,
    what: 'The body was given up: it was not complete after {seconds} s.',
    why: 'Requests that never end would hold their connections for ever.',
    next: 'Nothing was done. Send it again.',
  },
  CHANGEOVER_CONSOLE_BODY_INVALID: {
    status: 400,
    what: 'The request was refused: {field}: {problem}.',
    why: 'A command that is read in part would do something else than was meant.',
    next: 'Nothing was done. Compare with docs/api.md and send it again.',
  },
  CHANGEOVER_CONSOLE_MEDIA_TYPE: {
    status: 415,
    what: 'The body was refused: its content-type is {type}.',
    why: 'Web pages elsewhere can send other types without asking the browser first.',
    next: 'Send "content-type: application/json".',
  },
  CHANGEOVER_CONSOLE_STALE: {
    status: 409,
    what: '"{command}" was refused for rollout "{rollout}": {problem}.',
    why: 'Whoever sent it looked at something else than what it would act on.',
    next: 'Nothing was changed. Look at the rollout again, then decide.',
  },
  CHANGEOVER_CONSOLE_REPLAYED: {
    status: 409,
    what: 'The command with the id "{id}" was refused: this id was used before.',
    why: 'A command that is sent twice, by accident or by somebody who listened, must not act twice.',
    next: 'Nothing was changed by this one. Look at what the first one did; for another command use a new id.',
  },
  CHANGEOVER_CONSOLE_WATCHERS: {
    status: 503,
    what: 'The stream was refused: {limit} are open.',
    why: 'Each one takes memory that rollouts need.',
    next: 'Close pages that nobody looks at, then try again.',
  },
  CHANGEOVER_CONSOLE_CLOSING: {
    status: 503,
    what: 'The request was refused: the console is closing.',
    why: 'What begins now could not be answered any more.',
    next: 'Try again in a moment; rollouts go on without it.',
  },
  CHANGEOVER_CONSOLE_STANDBY: {
    status: 503,
    what: 'The command was refused: this agent stands by.',
    why: 'Another agent has the instances, and only one may act.',
    next: 'Send it to that one; this one takes over when that one is gone.',
  },
  CHANGEOVER_CONSOLE_UNAVAILABLE: {
    status: 501,
    what: '"{action}" was refused: this console was set up without {port}.',
    why: 'Nothing here could carry it out.',
    next: 'Give createConsole() the option {port}, or use the program that has it.',
  },
  CHANGEOVER_CONSOLE_FAILED: {
    status: 500,
    what: 'The request failed inside the console ({id}).',
    why: "What happened is in its log under this id; it is not told here, since it may name what is nobody's business.",
    next: 'Look at what is in force before sending it again.',
  },
}
