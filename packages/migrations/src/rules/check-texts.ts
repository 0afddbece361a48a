import type { RuleTexts } from './rule.ts'

/** What the check itself finds, beside what single statements do. */
export const CHECK_TEXTS: RuleTexts = {
  'phase-mismatch': {
    title: 'A step is declared as an earlier phase than what it does',
    message:
      'The file is declared as {declared}, but this statement is a step of the phase {phase}.',
    why: 'It would run while releases that need what it takes away are still serving.',
    fix: '-- move this statement to a migration of its own, declared as\n-- changeover: phase {phase}',
  },
  'server-refuses': {
    title: 'The server refuses the statement',
    message: 'The server refuses this statement: {problem}.',
    why: 'The deployment stops half way, with whatever ran before it in place.',
    fix: '-- run the migrations on a copy of the schema until they pass, then deploy them',
  },
  'lock-observed': {
    title: 'The server was seen working through a table under a lock that others wait for',
    message: '{problem}',
    why: 'Every query that needs the table waits until the work is done, and all later ones queue behind it.',
    fix: '-- split the statement: metadata first, then the work in a transaction of its own that takes a weaker lock',
  },
  'broken-before': {
    title: 'A recorded query does not run on the schema as it is',
    message:
      'A query of release {release} does not even run on the schema before these migrations: {problem}.',
    why: 'Either the schema or the contract is not the one in production, so nothing that follows can be proved.',
    fix: '-- record the contract of the release again, or give the schema that it runs on',
  },
  'ignore-ended': {
    title: 'A directive that ignores a rule has ended',
    message: 'The directive that ignores {rule} held until {problem}.',
    why: 'What it accepted for a while would otherwise stay accepted for ever.',
    fix: '-- remove the directive, or give it a new end and a reason that holds today',
  },
}
