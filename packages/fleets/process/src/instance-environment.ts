import type { InstanceRecord } from './instance-record.ts'
import { NOTICE_VARIABLE, type ReadSpec } from './spec.ts'

/** What every instance gets of the owner's environment. Anything else is named in `inherit`, so that no secret leaks. */
const ALWAYS = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'NODE_ENV', 'TMPDIR']

/** Marks each process of a launch, its own children too, so that none is lost when the owner dies. */
export const TOKEN_VARIABLE = 'CHANGEOVER_TOKEN'

/** The whole environment of an instance. */
export function instanceEnvironment(
  record: InstanceRecord,
  spec: ReadSpec,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  return {
    ...pick(environment, ALWAYS),
    // Nothing has to notice: the engine takes an instance out of the routes before it stops it. A release whose traffic also comes
    // by another way says otherwise in its `env`.
    [NOTICE_VARIABLE]: '0',
    ...spec.env,
    ...pick(environment, spec.inherit),
    PORT: String(record.port),
    HOST: record.host,
    CHANGEOVER_SERVICE: record.service,
    CHANGEOVER_RELEASE: record.release,
    CHANGEOVER_VERSION: record.version,
    CHANGEOVER_INSTANCE: record.id,
    [TOKEN_VARIABLE]: record.token,
  }
}

function pick(environment: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
