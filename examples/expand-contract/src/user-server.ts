import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import type { User, Users } from './users.ts'

/** `POST /users`, `PUT /users/7`, `GET /users/7`. What `first` answers never gets there. */
export function userServer(
  users: Users,
  release: string,
  first: (...exchange: Parameters<RequestListener>) => boolean = () => false,
): Server {
  return createServer((request, response) => {
    if (first(request, response)) return
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json', 'x-release': release })
      response.end(JSON.stringify(body))
    }
    serve(users, request).then(
      (user) => answer(statusOf(request, user), user ?? { error: 'no such user' }),
      (error: unknown) => answer(500, { error: String(error) }),
    )
  })
}

async function serve(users: Users, request: IncomingMessage): Promise<User | undefined> {
  const { method, url = '' } = request
  const body = await text(request)
  const id = /^\/users\/(\d+)$/.exec(url)?.[1]
  if (method === 'POST' && url === '/users') return users.create(nameIn(body))
  if (method === 'PUT' && id !== undefined) return users.rename(id, nameIn(body))
  if (method === 'GET' && id !== undefined) return users.find(id)
  return undefined
}

function nameIn(body: string): string {
  const value: unknown = JSON.parse(body)
  if (typeof value === 'object' && value !== null && 'name' in value) return String(value.name)
  throw new Error('Give a name.')
}

function statusOf({ method }: IncomingMessage, user: User | undefined): number {
  if (!user) return 404
  return method === 'POST' ? 201 : 200
}
