import type { RolloutSummaryView, ServiceView } from '@changeover/console/api'
import { dateAndTime, percentOf, shortSpan } from './amounts.ts'
import { releaseName } from './render-rollout.ts'
import { statusOf } from './rollout-status.ts'
import { glyphOf, type Style } from './style.ts'
import { tableLines } from './table.ts'

/** All services, a line each. Pure. */
export function renderServices(
  services: readonly ServiceView[],
  now: number,
  style: Style,
): string[] {
  if (services.length === 0) return ['No service is configured.']
  const rows = services.map((service) => [
    service.name,
    service.current ? releaseName(service.current) : '-',
    serviceStatus(service, style),
    service.replicas === undefined ? '-' : String(service.replicas),
    since(service, now),
    weightsOf(service),
  ])
  return tableLines(['SERVICE', 'CURRENT', 'STATUS', 'REPLICAS', 'AGE', 'WEIGHTS'], rows, style)
}

function serviceStatus({ rollout, last }: ServiceView, style: Style): string {
  if (rollout) return `${glyphOf('active', style)} to ${rollout.to.id}`
  if (!last) return `${glyphOf('next', style)} Never deployed`
  const { mark, text } = statusOf(last.outcome ?? 'progressing')
  return `${glyphOf(mark, style)} ${text}`
}

function since({ rollout, last }: ServiceView, now: number): string {
  const at = rollout?.startedAt ?? last?.finishedAt
  return at === undefined ? '-' : shortSpan(now - at)
}

function weightsOf({ pools }: ServiceView): string {
  if (!pools) return 'unknown'
  return pools.map(({ release, weight }) => `${release} ${percentOf(weight)}`).join(', ') || '-'
}

/** The rollouts of a service, the newest first. Pure. */
export function renderHistory(
  rollouts: readonly RolloutSummaryView[],
  checked: ReadonlyMap<string, string>,
  style: Style,
): string[] {
  if (rollouts.length === 0) return ['Nothing was deployed yet.']
  const rows = rollouts.map((one) => [
    one.id,
    dateAndTime(one.startedAt),
    one.finishedAt === undefined ? '-' : shortSpan(one.finishedAt - one.startedAt),
    outcomeText(one, style),
    `${one.from?.id ?? '-'} → ${one.to.id}`,
    ...(checked.size > 0 ? [checked.get(one.id) ?? ''] : []),
  ])
  const head = ['ROLLOUT', 'STARTED', 'TOOK', 'OUTCOME', 'RELEASES']
  return tableLines(checked.size > 0 ? [...head, 'JOURNAL'] : head, rows, style)
}

function outcomeText({ outcome }: RolloutSummaryView, style: Style): string {
  const { mark, text } = statusOf(outcome ?? 'progressing')
  return `${glyphOf(mark, style)} ${text}`
}
