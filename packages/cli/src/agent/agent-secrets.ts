import { agentError } from './agent-error.ts'

/** The environment, and what of it must not be shown. */
export interface Secrets {
  /** @throws ChangeoverError `CHANGEOVER_AGENT_VARIABLE_MISSING` */
  read(variable: string, field: string): string
  /** Notes variables whose values must not be shown. */
  hide(variables: readonly string[]): void
  /** The text without any of them. */
  mask(text: string): string
}

/** A shorter value is no secret, and would be found in every second line. */
const SHORTEST_SECRET = 6

export function agentSecrets(env: Readonly<Record<string, string | undefined>>): Secrets {
  const hidden = new Set<string>()
  const hide = (value: string | undefined): void => {
    if (value === undefined || value.length < SHORTEST_SECRET) return
    hidden.add(value)
    hidden.add(JSON.stringify(value).slice(1, -1))
    for (const password of passwordsIn(value))
      if (password.length >= SHORTEST_SECRET) hidden.add(password)
  }
  return {
    read(variable, field) {
      const value = env[variable]
      if (value === undefined || value === '')
        throw agentError('CHANGEOVER_AGENT_VARIABLE_MISSING', { variable, field })
      hide(value)
      return value
    },
    hide: (variables) => variables.forEach((variable) => hide(env[variable])),
    mask: (text) => [...hidden].reduce((masked, one) => masked.replaceAll(one, '[hidden]'), text),
  }
}

/** The password of a URL, as it stands there and as it is meant; a percent sign that encodes nothing is one. */
function passwordsIn(value: string): readonly string[] {
  if (!URL.canParse(value)) return []
  const { password } = new URL(value)
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    return [password]
  }
}
