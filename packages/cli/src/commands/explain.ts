import { commandError } from '../client/command-error.ts'
import { EXIT, EXIT_MEANINGS, type ExitCode } from '../client/exit-code.ts'
import { nearest } from './nearest.ts'
import { paint } from '../view/style.ts'
import type { Shell } from './shell.ts'

interface Explanation {
  readonly what: string
  readonly why: string
  readonly next: string
}

type Registry = Readonly<Record<string, Explanation>>

/** Every package that has error codes of its own, loaded only when somebody asks what one means. */
const PACKAGES: Readonly<Record<string, () => Promise<object>>> = {
  changeover: () => import('../error-codes.ts'),
  '@changeover/engine': () => import('@changeover/engine'),
  '@changeover/console': () => import('@changeover/console'),
  '@changeover/fleet-process': () => import('@changeover/fleet-process'),
  '@changeover/lifecycle': () => import('@changeover/lifecycle'),
  '@changeover/metrics-prometheus': () => import('@changeover/metrics-prometheus'),
  '@changeover/migrations': () => import('@changeover/migrations'),
  '@changeover/notifiers': () => import('@changeover/notifiers'),
  '@changeover/router-caddy': () => import('@changeover/router-caddy'),
  '@changeover/router-haproxy': () => import('@changeover/router-haproxy'),
  '@changeover/router-nginx': () => import('@changeover/router-nginx'),
  '@changeover/router-node': () => import('@changeover/router-node'),
  '@changeover/store-postgres': () => import('@changeover/store-postgres'),
}

type Registries = readonly (readonly [name: string, codes: Registry])[]

async function registries(): Promise<Registries> {
  return Promise.all(
    Object.entries(PACKAGES).map(async ([name, load]) => [name, registryOf(await load())] as const),
  )
}

function registryOf(module: object): Registry {
  const codes: Registry | undefined = Reflect.get(module, 'ERROR_CODES')
  return codes ?? {}
}

/** What an error code means, why it is refused, and what to do next. */
export async function runExplain(shell: Shell): Promise<ExitCode> {
  const wished = shell.options.argument(0)
  const exit = EXIT_MEANINGS.find(([code]) => String(code) === wished)
  if (exit) return explainExit(shell, exit)
  const code = normal(wished)
  const known = await registries()
  const found = known.find(([, codes]) => Object.hasOwn(codes, code))
  const explanation = found?.[1][code]
  if (!found || !explanation) throw unknown(wished, code, known)
  const { what, why, next } = explanation
  const [name] = found
  if (shell.isJson) shell.json('explain', { code, package: name, what, why, next })
  else shell.terminal.out(text(shell, code, name, explanation))
  return EXIT.ok
}

/** Names of all codes, for completion. */
export async function allCodes(): Promise<readonly string[]> {
  const known = await registries()
  return known.flatMap(([, codes]) => Object.keys(codes)).toSorted()
}

/** `not ready`, `not-ready` and `changeover_not_ready` are all CHANGEOVER_NOT_READY. */
function normal(wished: string): string {
  const upper = wished
    .trim()
    .toUpperCase()
    .replaceAll(/[\s-]+/g, '_')
  return upper.startsWith('CHANGEOVER_') ? upper : `CHANGEOVER_${upper}`
}

function unknown(wished: string, code: string, known: Registries): Error {
  const codes = known.flatMap(([, own]) => Object.keys(own))
  const near = nearest(code, codes, 3).join(', ')
  const remedy = `Did you mean ${near}? Those of @changeover/testing are in docs/errors.md.`
  return commandError('CHANGEOVER_CODE_UNKNOWN', { code: JSON.stringify(wished), remedy })
}

function text(
  { terminal: { style } }: Shell,
  code: string,
  name: string,
  told: Explanation,
): string {
  return [
    `${paint(code, 'bold', style)} (${name})`,
    '',
    `What:  ${told.what}`,
    `Why:   ${told.why}`,
    `Next:  ${told.next}`,
  ].join('\n')
}

function explainExit(shell: Shell, [code, meaning]: readonly [number, string]): ExitCode {
  const told = { code: String(code), package: 'changeover', what: meaning, why: '', next: '' }
  if (shell.isJson) shell.json('explain', told)
  else shell.terminal.out(`Exit code ${code}: ${meaning}`)
  return EXIT.ok
}
