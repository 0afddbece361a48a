import { paths, type RolloutSummaryView, type VerificationView } from '@changeover/console/api'
import type { Client } from '../client/client.ts'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { renderHistory } from '../view/render-services.ts'
import { glyphOf } from '../view/style.ts'
import type { Shell } from './shell.ts'

/** The rollouts of a service; `--verify` checks every hash of their journals. */
export async function runHistory(shell: Shell): Promise<ExitCode> {
  const client = shell.client()
  const service = shell.options.argument(0)
  const limit = shell.options.count('limit', 20)
  const all = await client.get<readonly RolloutSummaryView[]>(paths.history(service))
  const rollouts = all.toSorted((one, other) => other.startedAt - one.startedAt).slice(0, limit)
  const verified = shell.options.flag('verify') ? await verify(client, rollouts) : undefined
  if (shell.isJson) shell.json('history', { service, rollouts, ...(verified ? { verified } : {}) })
  else print(shell, rollouts, verified ?? [])
  return verified?.some(({ ok }) => !ok) ? EXIT.unhealthy : EXIT.ok
}

/** One after the other: each reads a whole journal. */
async function verify(
  client: Client,
  rollouts: readonly RolloutSummaryView[],
): Promise<readonly VerificationView[]> {
  const verified: VerificationView[] = []
  for (const { id } of rollouts) verified.push(await client.get<VerificationView>(paths.verify(id)))
  return verified
}

function print(
  { terminal }: Shell,
  rollouts: readonly RolloutSummaryView[],
  verified: readonly VerificationView[],
): void {
  const { style } = terminal
  const checked = new Map(
    verified.map(({ rollout, ok, entries, problem }) => [
      rollout,
      ok
        ? `${glyphOf('done', style)} ${entries} entries`
        : `${glyphOf('failed', style)} ${problem ?? 'damaged'}`,
    ]),
  )
  terminal.out(renderHistory(rollouts, checked, style).join('\n'))
}
