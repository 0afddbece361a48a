import { paths, type RolloutSummaryView, type ServiceView } from '@changeover/console/api'
import type { Client } from '../client/client.ts'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { followRollout } from '../client/follow-rollout.ts'
import { renderServices } from '../view/render-services.ts'
import { audienceFor } from './audience.ts'
import { watchRollout } from './follow.ts'
import type { Shell } from './shell.ts'

const REDRAW_MS = 1_000

/** All services, drawn anew with each change, until Ctrl-C. */
export async function watchServices(shell: Shell): Promise<ExitCode> {
  const { terminal } = shell
  const drawing = terminal.isLive && !shell.isJson ? await terminal.draw() : undefined
  let services: readonly ServiceView[] = []
  const show = (): void => drawing?.show(renderServices(services, shell.now(), terminal.style))
  const timer = drawing && setInterval(show, REDRAW_MS)
  try {
    for await (services of servicesOf(shell, shell.client())) {
      if (shell.isJson) shell.json('services', { services })
      else if (drawing) show()
      else terminal.out(renderServices(services, shell.now(), terminal.style).join('\n'))
    }
  } finally {
    clearInterval(timer)
    drawing?.done()
  }
  return EXIT.ok
}

/** One service: its rollout under way, then the next one, and so on until Ctrl-C. */
export async function watchService(shell: Shell, name: string): Promise<ExitCode> {
  const client = shell.client()
  await client.get<ServiceView>(paths.service(name))
  let seen: string | undefined
  for await (const services of servicesOf(shell, client)) {
    const service = services.find((one) => one.name === name)
    const next = service?.rollout ?? service?.last
    if (!next || next.id === seen) continue
    seen = next.id
    await watchOne(shell, client, next)
  }
  return EXIT.ok
}

async function watchOne(
  shell: Shell,
  client: Client,
  { id, service }: RolloutSummaryView,
): Promise<void> {
  if (shell.isJson) {
    for await (const told of followRollout(client, id, { signal: shell.signal }))
      shell.json('event', { service, rollout: id, ...told })
    return
  }
  const audience = await audienceFor(shell)
  try {
    await watchRollout(shell, client, id, audience)
  } finally {
    audience.leave()
  }
}

async function* servicesOf(shell: Shell, client: Client): AsyncGenerator<readonly ServiceView[]> {
  const onState = (state: 'lost' | 'back'): void => {
    if (state === 'lost') shell.terminal.err('The agent does not answer; looking for it.')
  }
  for await (const { event, data } of client.events(paths.events, {
    signal: shell.signal,
    onState,
  })) {
    if (event !== 'services') continue
    const services: readonly ServiceView[] = JSON.parse(data)
    yield services
  }
}
