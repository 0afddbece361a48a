import { type InstanceView, paths, type ServiceView } from '@changeover/console/api'
import type { Client } from '../client/client.ts'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { type Completion, completionsOf, KNOWN_NAMES } from './completions.ts'
import type { Shell } from './shell.ts'

/** What a completion script offers, each with what it means behind a tab. Where it cannot know, nothing: whoever types is not disturbed. */
export async function runComplete(shell: Shell): Promise<ExitCode> {
  const completion = completionsOf(shell.options.arguments(), shell.commands)
  const { typed, words, names } = completion
  if (names === 'files') {
    shell.terminal.out(':files')
    return EXIT.ok
  }
  const found = await namesFor(shell, completion).catch(() => [])
  const lines = [
    ...words.map(([word, help]) => `${word}\t${help}`),
    ...found.filter((name) => name.startsWith(typed)),
  ]
  if (lines.length > 0) shell.terminal.out(lines.join('\n'))
  return EXIT.ok
}

async function namesFor(
  shell: Shell,
  { names, service, connection }: Completion,
): Promise<readonly string[]> {
  if (names === undefined) return []
  const known = KNOWN_NAMES[names]
  if (known) return known
  if (names === 'codes') return (await import('./explain.ts')).allCodes()
  const client = shell.client(connection)
  return names === 'instances' ? instancesOf(client, service ?? '') : servicesOf(client, names)
}

async function instancesOf(client: Client, name: string): Promise<readonly string[]> {
  const service = await client.get<ServiceView>(paths.service(name))
  const rollout = service.rollout ?? service.last
  if (!rollout) return []
  const instances = await client.get<readonly InstanceView[]>(paths.instances(rollout.id))
  return instances.map(({ id }) => id)
}

async function servicesOf(client: Client, names: string): Promise<readonly string[]> {
  const services = await client.get<readonly ServiceView[]>(paths.services)
  if (names === 'services') return services.map(({ name }) => name)
  return services.flatMap(({ name, rollout }) => (rollout ? [name, rollout.id] : []))
}
