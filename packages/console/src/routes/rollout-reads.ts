import type { Entry } from '@changeover/engine'
import type { JournalPage, VerificationView } from '../api/index.ts'
import { consoleError } from '../console-error.ts'
import { STREAMING } from '../http/answer.ts'
import { actorOf, type Endpoint, endpoint } from '../http/endpoint.ts'
import { cut, entryView } from '../views/entry-view.ts'
import { instanceViews } from '../views/rollout-view.ts'
import { type ConsoleParts, storyOf, viewOf } from './console-parts.ts'
import { EVENTS_QUERY, JOURNAL_QUERY } from './request-schemas.ts'

/** What may be seen of one rollout. */
export function rolloutReads(parts: ConsoleParts): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/api/v1/rollouts/:rollout',
      action: 'read',
      does: 'A rollout as its journal tells it.',
      answers: '`RolloutView`',
      handle: async (call) => ({ status: 200, body: await viewOf(parts, call.param('rollout')) }),
    }),
    endpoint({
      method: 'GET',
      path: '/api/v1/rollouts/:rollout/instances',
      action: 'read',
      does: 'Its instances, in the order of their launches.',
      answers: '`InstanceView[]`',
      async handle(call) {
        return { status: 200, body: instanceViews(await storyOf(parts, call.param('rollout'))) }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/api/v1/rollouts/:rollout/journal',
      action: 'read',
      does: 'Its journal, page by page. Specs are null, so hashes cannot be checked here: see verify.',
      answers: '`JournalPage`',
      query: JOURNAL_QUERY,
      async handle({ param, query: { after, limit } }) {
        const entries = parts.store.read(param('rollout'))
        return { status: 200, body: await journalPage(entries, param('rollout'), after, limit) }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/api/v1/rollouts/:rollout/verify',
      action: 'read',
      does: 'Whether its journal is whole: every hash and every link, checked now.',
      answers: '`VerificationView`',
      handle: async (call) => ({ status: 200, body: await verify(parts, call.param('rollout')) }),
    }),
    endpoint({
      method: 'GET',
      path: '/api/v1/rollouts/:rollout/events',
      action: 'read',
      does: 'Server-sent events behind entry `after` or `Last-Event-ID`: `entry`, `view`, `traffic`, `look`, `end`.',
      answers: '`RolloutEventMap`',
      query: EVENTS_QUERY,
      async handle({ param, query, request, response, actor }) {
        const after = lastEventId(request.headers['last-event-id']) ?? query.after ?? -1
        if (request.method === 'HEAD') return { status: 200 }
        await parts.hub.watchRollout(response, param('rollout'), after, actorOf({ actor }))
        return STREAMING
      },
    }),
  ]
}

/** What a browser sends when it comes back; it knows better than the address how far it came. */
function lastEventId(header: string | string[] | undefined): number | undefined {
  if (header === undefined || header === '') return undefined
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header)
  const problem = 'it is no number of an entry'
  throw consoleError('CHANGEOVER_CONSOLE_BODY_INVALID', { field: 'last-event-id', problem })
}

async function journalPage(
  entries: AsyncIterable<Entry>,
  rollout: string,
  after: number,
  limit: number,
): Promise<JournalPage> {
  const page: Entry[] = []
  let known = false
  for await (const entry of entries) {
    known = true
    if (entry.seq <= after) continue
    if (page.length === limit) return { entries: page, next: page.at(-1)?.seq }
    page.push(entryView(entry))
  }
  if (known) return { entries: page, next: undefined }
  throw consoleError('CHANGEOVER_CONSOLE_NOT_FOUND', { what: `rollout "${rollout}"` })
}

async function verify({ engine }: ConsoleParts, rollout: string): Promise<VerificationView> {
  const found = await engine.verify(rollout)
  if (found.ok) return { rollout, ok: true, entries: found.entries, problem: undefined }
  return {
    rollout,
    ok: false,
    entries: found.seq,
    problem: cut(`entry ${found.seq}: ${found.problem}`),
  }
}
