import {
  type InstanceView,
  paths,
  type RolloutView,
  type ServiceView,
} from '@changeover/console/api'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { firstPicture } from '../view/rollout-picture.ts'
import { renderRollout } from '../view/render-rollout.ts'
import { renderServices } from '../view/render-services.ts'
import type { Shell } from './shell.ts'

/** One look at a service, or at all of them; `--watch` goes on looking. */
export async function runStatus(shell: Shell): Promise<ExitCode> {
  const service = shell.options.maybeArgument(0)
  if (shell.options.flag('watch')) {
    const { watchService, watchServices } = await import('./watch.ts')
    return service === undefined ? watchServices(shell) : watchService(shell, service)
  }
  return service === undefined ? statusOfAll(shell) : statusOfOne(shell, service)
}

async function statusOfAll(shell: Shell): Promise<ExitCode> {
  const services = await shell.client().get<readonly ServiceView[]>(paths.services)
  if (shell.isJson) shell.json('services', { services })
  else shell.terminal.out(renderServices(services, shell.now(), shell.terminal.style).join('\n'))
  return exitOf(shell, services)
}

async function statusOfOne(shell: Shell, name: string): Promise<ExitCode> {
  const client = shell.client()
  const service = await client.get<ServiceView>(paths.service(name))
  const shown = service.rollout ?? service.last
  const [rollout, instances] = shown
    ? await Promise.all([
        client.get<RolloutView>(paths.rollout(shown.id)),
        client.get<readonly InstanceView[]>(paths.instances(shown.id)),
      ])
    : [undefined, []]
  if (shell.isJson) shell.json('status', { service, rollout, instances })
  else shell.terminal.out(statusLines(shell, service, rollout, instances).join('\n'))
  return exitOf(shell, [service])
}

function statusLines(
  { terminal, now }: Shell,
  service: ServiceView,
  rollout: RolloutView | undefined,
  instances: readonly InstanceView[],
): string[] {
  if (rollout) return renderRollout(firstPicture(rollout, instances), now(), terminal.style)
  return [
    ...renderServices([service], now(), terminal.style),
    '',
    `Deploy it: changeover deploy ${service.name} VERSION`,
  ]
}

/** `--exit-code` makes a service that is not well an exit code of its own. */
function exitOf({ options }: Shell, services: readonly ServiceView[]): ExitCode {
  return options.flag('exitCode') && services.some(isUnwell) ? EXIT.unhealthy : EXIT.ok
}

function isUnwell({ rollout, last, current }: ServiceView): boolean {
  if (rollout) return false
  return current === undefined || last?.outcome === 'rolled-back' || last?.outcome === 'failed-safe'
}
