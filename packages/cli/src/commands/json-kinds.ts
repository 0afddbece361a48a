/** What each JSON document is, by its `kind`. */
export const JSON_KINDS = {
  services: 'All services: `services`, as of `GET /api/v1/services`.',
  status:
    "One service: `service`, its `rollout` under way or the last one, and that one's `instances`.",
  event:
    'One line for each event while watching: `service`, `event` (`entry`, `view`, `traffic`, `look`, `end`) and `data`.',
  rollout: 'A rollout after a command: `rollout`; `detached` is true where it goes on unwatched.',
  plan: 'What would happen: `plan` for programs, `text` for people.',
  history:
    'Rollouts of a service, the newest first: `service`, `rollouts`, and `verified` with --verify.',
  logs: 'The last lines of an instance: `service`, `instance`, `lines`.',
  audit: 'Who asked for what, the newest first: `entries`, and `verified` with --verify.',
  migrations: 'The report on migrations: `report`.',
  console: 'Where the page is: `url` (null where it is not served), `how` to sign in.',
  token: 'A token just made or revoked: `name`, `role`, and `token` once, when it is made.',
  tokens: 'All tokens, without themselves: `tokens`.',
  agent: 'The agent: `agent`.',
  init: 'What was written or printed: `file`, `text`.',
  explain: 'One error code: `code`, `package`, `what`, `why`, `next`.',
  error: 'Any refusal or failure, of every command: `error` with `code`, `message` and `exitCode`.',
} as const

export type JsonKind = keyof typeof JSON_KINDS
