import { checkOptions } from '@changeover/engine'
import { z } from 'zod'

/** Caps how long an instance goes on accepting after SIGTERM so that balancers notice; `@changeover/lifecycle` obeys it. */
export const NOTICE_VARIABLE = 'CHANGEOVER_NOTICE'

/** A release's `spec` for the process fleet: how to start one instance. It is journaled, so it holds no secrets. */
export interface ProcessSpec {
  /** The file to run and its arguments. No shell reads them. */
  readonly command: readonly [file: string, ...args: string[]]
  /** Directory to run in. @default the owner's */
  readonly cwd?: string
  /** Variables of the instance, on top of the few that every instance gets. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of variables to pass on from the owner's environment. Their values are stored nowhere. */
  readonly inherit?: readonly string[]
}

/** A checked spec. */
export interface ReadSpec {
  readonly command: readonly [file: string, ...args: string[]]
  readonly cwd?: string | undefined
  readonly env: Readonly<Record<string, string>>
  readonly inherit: readonly string[]
}

const text = z.string().regex(/^[^\0]*$/, 'holds a NUL character')
const name = z
  .string()
  .regex(/^[^=\0]+$/, 'not the name of a variable')
  .refine((name) => !isOurs(name), 'the fleet sets this variable itself')

const schema = z
  .strictObject({
    command: z.tuple([text.min(1)], text),
    cwd: text.min(1).optional(),
    env: z.record(name, text).default({}),
    inherit: z.array(name).default([]),
  })
  .superRefine(({ env, inherit }, context) => {
    const twice = inherit.find((name) => Object.hasOwn(env, name))
    if (twice === undefined) return
    context.addIssue({ code: 'custom', path: ['inherit'], message: `"${twice}" is in env as well` })
  })

const REMEDIES = {
  command: 'Give the file and its arguments as a list: ["node", "server.js"]. No shell is used.',
  cwd: 'Name a directory, or leave it out.',
  env: 'Give names with texts as values. PORT, HOST and CHANGEOVER_* (but for CHANGEOVER_NOTICE) are set by the fleet.',
  inherit: "List names of variables that are set in the owner's environment.",
  '': 'Give spec as { command: [file, ...args], cwd?, env?, inherit? }.',
}

/**
 * Checks a release's spec, and that every variable to inherit is there.
 *
 * @param environment the owner's
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`; values of variables are never shown
 */
export function readSpec(spec: unknown, environment: NodeJS.ProcessEnv): ReadSpec {
  const inheritable = schema.superRefine(({ inherit }, context) => {
    const missing = inherit.findIndex((name) => environment[name] === undefined)
    if (missing < 0) return
    context.addIssue({
      code: 'custom',
      path: ['inherit', missing],
      message: "not set in the owner's environment",
    })
  })
  return checkOptions<ReadSpec>(inheritable, spec, 'spec', {
    remedies: REMEDIES,
    secret: ['env'],
  })
}

function isOurs(name: string): boolean {
  if (name === NOTICE_VARIABLE) return false
  return name === 'PORT' || name === 'HOST' || name.startsWith('CHANGEOVER_')
}
