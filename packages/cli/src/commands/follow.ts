import { type InstanceView, paths, type RolloutView } from '@changeover/console/api'
import type { RolloutOutcome } from '@changeover/engine'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { followRollout, type RolloutEvent } from '../client/follow-rollout.ts'
import type { Client } from '../client/client.ts'
import { patiently } from '../client/patience.ts'
import { addEvent, firstPicture, type RolloutPicture } from '../view/rollout-picture.ts'
import { type Audience, audienceFor } from './audience.ts'
import type { Shell } from './shell.ts'

/** Entries after which the list of instances is another one. */
const MOVING: ReadonlySet<string> = new Set([
  'adopted',
  'launch-intended',
  'launched',
  'ready',
  'available',
  'unready',
  'lost',
  'stop-intended',
  'stopped',
])

/** Follows a rollout to its end, and shows it as fits: drawn on a terminal, as lines elsewhere, nothing for programs. */
export async function followToEnd(
  shell: Shell,
  rollout: string,
  asked: RolloutOutcome = 'promoted',
): Promise<ExitCode> {
  const client = shell.client()
  const audience = await audienceFor(shell)
  try {
    const picture = await watchRollout(shell, client, rollout, audience)
    const { view } = picture
    if (shell.isJson) shell.json('rollout', { rollout: view, detached: false })
    return exitOf(view.outcome, asked)
  } catch (error) {
    if (!shell.signal.aborted) throw error
    return detached(shell, rollout, audience)
  } finally {
    audience.leave()
  }
}

/** @returns the last picture, when the rollout has ended */
export async function watchRollout(
  shell: Shell,
  client: Client,
  rollout: string,
  audience: Audience,
): Promise<RolloutPicture> {
  const { signal } = shell
  const onState = (state: 'lost' | 'back'): void => audience.connection(state)
  const look = (): Promise<RolloutPicture> =>
    patiently({ signal, onState, where: client.where }, () => pictureOf(client, rollout))
  let picture = await look()
  audience.show(picture)
  const refresh = refresher(client, rollout, (instances) => {
    picture = { ...picture, instances }
    audience.show(picture)
  })
  for await (const told of followRollout(client, rollout, { signal, onState })) {
    picture = addEvent(picture, told)
    if (isMove(told) && audience.wantsInstances) refresh()
    audience.tell(told, picture)
  }
  picture = await look()
  audience.show(picture)
  return picture
}

async function pictureOf(client: Client, rollout: string): Promise<RolloutPicture> {
  const [view, instances] = await Promise.all([
    client.get<RolloutView>(paths.rollout(rollout)),
    client.get<readonly InstanceView[]>(paths.instances(rollout)),
  ])
  return firstPicture(view, instances)
}

function isMove(told: RolloutEvent): boolean {
  return told.event === 'entry' && MOVING.has(told.data.type)
}

/** Asks for the instances, one question at a time; what comes up meanwhile is asked together afterwards. */
function refresher(
  client: Client,
  rollout: string,
  use: (instances: readonly InstanceView[]) => void,
): () => void {
  let state: 'idle' | 'asking' | 'again' = 'idle'
  const refresh = (): void => {
    if (state !== 'idle') {
      state = 'again'
      return
    }
    state = 'asking'
    void client
      .get<readonly InstanceView[]>(paths.instances(rollout))
      // The list shown stays; the stream tells where the agent is gone.
      .then(use, () => undefined)
      .finally(() => {
        const wasAsked = state === 'again'
        state = 'idle'
        if (wasAsked) refresh()
      })
  }
  return refresh
}

function exitOf(outcome: RolloutOutcome | undefined, asked: RolloutOutcome): ExitCode {
  if (outcome === asked) return EXIT.ok
  if (outcome === 'promoted' || outcome === undefined) return EXIT.refused
  return outcome === 'rolled-back' ? EXIT.rolledBack : EXIT.failedSafe
}

/** Ctrl-C ends the watching, never the rollout. */
function detached(shell: Shell, rollout: string, audience: Audience): ExitCode {
  audience.leave()
  const { terminal } = shell
  if (shell.isJson) shell.json('rollout', { rollout: { id: rollout }, detached: true })
  terminal.err(`Detached: rollout ${rollout} goes on.`)
  terminal.err('Watch it: changeover status SERVICE --watch')
  terminal.err(`Give it up: changeover abort ${rollout}`)
  return EXIT.detached
}
