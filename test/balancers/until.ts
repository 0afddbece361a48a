import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again and again, for what tells nobody when it happens. Rejects when the signal is aborted. */
export async function until(
  happened: () => Promise<boolean>,
  signal: AbortSignal = AbortSignal.timeout(20_000),
): Promise<void> {
  while (!(await happened())) await sleep(50, undefined, { signal })
}
