import type { Router, RouteTable } from '@changeover/engine'
import type { RouterSubject } from '@changeover/testing'
import { cuttingFront, type ProxyFault, simpleProxy } from './broken-fronts.ts'
import { allOrNothing, changed, ensureSome, late, reweighed } from './broken-tables.ts'

/** A way to break a router, or what serves in its place, and the sentence that finds it. */
export type BrokenUnderLoad = readonly [
  defect: string,
  breakIt: (subject: RouterSubject) => RouterSubject | Promise<RouterSubject>,
  sentence: string,
]

const TAKING_OVER =
  'while releases take over from each other under load, no more is cut than the router says, and none that left answers what was begun after'
const STOPPING =
  'stopping a release once it was drained costs no request: short ones, a long one, a stream of events or a WebSocket'
const SHARES =
  'a hundredth, a twentieth and a tenth of the weight are those shares of 100 requests and of 1,000'
const LEAVING =
  'an instance that leaves a release with connections idle gets no request more, is missed by nobody, and may come back'

/** One for each sentence about load, shares and instances. */
export const brokenUnderLoad: readonly BrokenUnderLoad[] = [
  ['returns before it has converged', withRouter(late), TAKING_OVER],
  ['cuts its clients off at each change', cuttingFront, TAKING_OVER],
  ['cuts off who stays for long', cuttingFront, STOPPING],
  ['goes on to send requests to who was drained', withRouter(stuck), STOPPING],
  ['rounds weights to all or nothing', withTables(() => allOrNothing), SHARES],
  [
    'serves one kind of requests from one release',
    withTables(() => allOrNothing),
    'requests of one kind that come at regular intervals are split as all are',
  ],
  [
    'leaves some requests where they were',
    withTables(() => ensureSome),
    'a release whose weight became 0 gets nothing, on connections that it served and of users that it had either',
  ],
  [
    'keeps the users that it has once let in',
    withRouter(creeping),
    'on the way down those leave who came last, and neither users of another rollout nor requests of nobody move along',
  ],
  [
    'leaves some requests to who was there before',
    withTables(() => ensureSome),
    'a release without weight costs nothing before its instance listens, and serves once it has weight',
  ],
  ['forgets no instance', withRouter(faithful), LEAVING],
  [
    'takes nothing back',
    async (subject) => withRouter(stuck)(await simpleProxy(subject, 'never-again')),
    'a release whose instance dies at a tenth of the weight is taken out by one table, and nothing fails from then on',
  ],
  ...proxies([
    [
      'never-again',
      'a GET that meets a connection which its instance has just closed is answered all the same, and reaches it twice at most',
    ],
    [
      'always-again',
      'a POST that meets a connection which its instance has just closed reaches it once at most, and hangs never',
    ],
    [
      'always-again',
      'a PUT that meets a connection which its instance has just closed reaches it once at most, and hangs never',
    ],
    ['ends-well', 'an answer that breaks off in its body never looks whole, and hangs never'],
    ['goes-on', 'a request whose client has gone is given up at its instance too'],
    [
      'offended',
      'an instance that breaks every request off leaves the others of its release their share',
    ],
  ]),
]

function withRouter(
  breakIt: (router: Router) => Partial<Router>,
): (subject: RouterSubject) => RouterSubject {
  return (subject) => ({ ...subject, router: { ...subject.router, ...breakIt(subject.router) } })
}

function withTables(
  change: () => (weights: readonly number[]) => readonly number[],
): (subject: RouterSubject) => RouterSubject {
  return withRouter((router) => changed(router, (table) => reweighed(table, change())))
}

function proxies(
  sentences: readonly (readonly [fault: ProxyFault, sentence: string])[],
): readonly BrokenUnderLoad[] {
  return sentences.map(([fault, sentence]) => [
    `is a simple proxy that is ${fault}`,
    (subject) => simpleProxy(subject, fault),
    sentence,
  ])
}

/** Says yes to every table, and follows the first. */
function stuck(router: Router): Partial<Router> {
  let first: RouteTable | undefined
  return {
    apply(table) {
      first ??= table
      return router.apply({ ...first, revision: table.revision })
    },
  }
}

/** Never lets a user out again. */
function creeping(router: Router): Partial<Router> {
  let most = 0
  return changed(router, (table) => {
    const release = table.affinity?.release
    const weight = table.pools.find((pool) => pool.release === release)?.weight ?? 0
    most = Math.max(most, weight)
    const pools = table.pools.map((pool) => {
      return { ...pool, weight: pool.release === release ? most : 10_000 - most }
    })
    return release === undefined ? table : { ...table, pools }
  })
}

/** Goes on to use every instance that it has ever been told of. */
function faithful(router: Router): Partial<Router> {
  const known = new Map<string, RouteTable['pools'][number]['instances'][number]>()
  return changed(router, (table) => {
    for (const { instances } of table.pools) for (const one of instances) known.set(one.id, one)
    return {
      ...table,
      pools: table.pools.map((pool) => ({ ...pool, instances: [...known.values()] })),
    }
  })
}
