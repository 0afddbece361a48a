import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Fleet, Instance, LaunchRequest, Release } from '@changeover/engine'
import { listen } from './listen.ts'

/** A fleet whose instances are HTTP servers in this process. */
export interface LocalFleet extends Fleet {
  /** Ends all of them. */
  close(): Promise<void>
}

interface Member {
  readonly instance: Instance
  readonly server: Server
}

/** The fleet as the engine sees it: a plain object. `serverOf` makes the server of one instance of a release. */
export function localFleet(serverOf: (release: Release) => Server): LocalFleet {
  const launches = new Map<string, Promise<Member>>()

  async function launch({ id, service, release }: LaunchRequest): Promise<Member> {
    const server = serverOf(release)
    // One that ends by itself is forgotten, and so no longer listed.
    server.once('close', () => launches.delete(id))
    const address = await listen(server)
    return { instance: { id, service, release: release.id, address }, server }
  }

  async function end(id: string, deadline: number): Promise<boolean> {
    const member = await launches.get(id)
    if (!member?.server.listening) return true
    let graceful = true
    const force = setTimeout(() => {
      graceful = false
      member.server.closeAllConnections()
    }, deadline)
    const ended = once(member.server, 'close')
    member.server.close()
    await ended
    clearTimeout(force)
    return graceful
  }

  return {
    name: 'local',
    async launch(request, { signal } = {}) {
      signal?.throwIfAborted()
      // The same id is the same instance, however often and however fast it is asked for.
      const launching = launches.get(request.id) ?? launch(request)
      launches.set(request.id, launching)
      launching.catch(() => launches.delete(request.id))
      return (await launching).instance
    },
    async probe({ id, address }, { signal } = {}) {
      const gone = { ready: false, exited: true, reason: 'its server has closed' }
      if (!launches.has(id)) return gone
      const limit = AbortSignal.any([AbortSignal.timeout(2_000), ...(signal ? [signal] : [])])
      try {
        // A connection that is kept alive would keep alive a server that wants to end.
        const headers = { connection: 'close' }
        const answer = await fetch(`http://${address}/readyz`, { headers, signal: limit })
        const body = await answer.text()
        return answer.ok ? { ready: true } : { ready: false, reason: `${answer.status} ${body}` }
      } catch (error) {
        signal?.throwIfAborted()
        return launches.has(id) ? { ready: false, reason: String(error) } : gone
      }
    },
    async stop({ id }, { deadline }) {
      return { instance: id, graceful: await end(id, deadline) }
    },
    async list(service) {
      const members = await Promise.all(launches.values())
      return members.map(({ instance }) => instance).filter((one) => one.service === service)
    },
    async close() {
      await Promise.all([...launches.keys()].map((id) => end(id, 0)))
    },
  }
}
